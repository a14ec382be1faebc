"""The files of Streamlit's frontend: which requests are answered here, and with what."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from lib.ui.server.static_files import StreamlitFiles, streamlit_files

INDEX = next(name for name in streamlit_files() if name.startswith("static/js/index."))


def streamlits_own(_request: Request) -> Response:
    return PlainTextResponse("streamlit")


def client(base_path: str = "") -> TestClient:
    routes = [Route("/{path:path}", streamlits_own, methods=["GET", "HEAD", "POST"])]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(StreamlitFiles, base_path=base_path)]))


def test_a_script_comes_whole_and_may_be_kept() -> None:
    answer = client().get(f"/{INDEX}")
    assert answer.content == (Path(streamlit.__file__).parent / "static" / INDEX).read_bytes()
    assert answer.headers["content-type"] == "application/javascript"
    assert answer.headers["cache-control"] == "public, immutable, max-age=31536000"
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize("base_path", ["closer", "/closer/"])
def test_the_files_lie_under_the_base_path(base_path: str) -> None:
    assert client(base_path).get(f"/closer/{INDEX}").headers["content-type"] == "application/javascript"
    assert client(base_path).get(f"/{INDEX}").text == "streamlit"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/static/js/nothing.js", {}),
        ("GET", "/static/../static/index.html", {}),
        ("GET", "/manifest.json", {}),
        ("POST", f"/{INDEX}", {}),
        ("HEAD", f"/{INDEX}", {}),
        ("GET", f"/{INDEX}", {"Range": "bytes=0-9"}),
        ("GET", f"/{INDEX}", {"If-Modified-Since": "Thu, 26 Nov 2026 08:48:37 GMT"}),
    ],
)
def test_every_other_request_is_streamlits(method: str, path: str, headers: dict[str, str]) -> None:
    answer = client().request(method, path, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")


def test_the_page_and_every_script_it_names_are_known() -> None:
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    named = {part.split('"')[0] for part in page.split('"./')[1:] if part.startswith("static/")}
    assert INDEX in named
    assert named <= set(streamlit_files())
