"""The header that names a page's largest module: on that page alone, with files that exist."""

from __future__ import annotations

import re

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from lib.ui.server.module_links import ModuleLinks, module_files
from lib.ui.server.static_files import streamlit_files


def page(_request: Request) -> Response:
    return PlainTextResponse("page")


def links(path: str) -> list[str]:
    client = TestClient(Starlette(routes=[Route("/{path:path}", page)], middleware=[Middleware(ModuleLinks)]))
    return re.findall(r"<\./([^>]+)>; rel=modulepreload", client.get(path).headers.get("link", ""))


def test_explore_names_plotly_and_what_it_imports() -> None:
    files = links("/explore")
    assert files[0].startswith("static/js/PlotlyChart.")
    assert set(files) <= set(streamlit_files())
    assert links("/closer/explore") == files


def test_other_pages_and_files_name_nothing() -> None:
    assert [links(path) for path in ("/", "/train", "/explore/files", "/static/js/explore.js")] == [[], [], [], []]


def test_a_module_that_streamlit_does_not_know_has_no_files() -> None:
    assert module_files("NoSuchChart") == []
    assert module_files("PlotlyChart")
