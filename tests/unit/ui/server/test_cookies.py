"""Cookies that would stop the server for seconds, and those of other programs, reach nothing behind the guard."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from lib.ui.server.cookies import keep_own_cookies
from lib.ui.server.guard import Guard

HOSTILE = {
    "60 KB of escapes": b'closer-1="' + b'\\"' * 30_000 + b'"',
    "4 KB of escapes": b'closer-1="' + b"\\012" * 1_000 + b'"',
    "octal escapes of another name": b'other="' + b"\\012" * 100 + b'"',
    "a value that no browser sends": b"closer-1=" + b"x" * 5_000,
    "another program's": b"session=secret",
    "no name": b"=secret",
    "nothing": b"; ;; ",
}
"""`http.cookies` takes 25 seconds for the first one."""


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_cookie_is_left_out(name: str) -> None:
    headers = [(b"cookie", HOSTILE[name]), (b"host", b"localhost"), (b"cookie", b"a=b; closer-2=token")]
    assert keep_own_cookies(headers) == [(b"host", b"localhost"), (b"cookie", b"closer-2=token")]
    assert keep_own_cookies([(b"cookie", HOSTILE[name])]) == []


def test_only_so_many_are_kept() -> None:
    ((_, value),) = keep_own_cookies([(b"cookie", b"; ".join(b"closer-%d=x" % number for number in range(10_000)))])
    assert value.count(b"closer-") == 40


@pytest.mark.timeout(20)
def test_what_reads_cookies_behind_the_guard_gets_ours_alone() -> None:
    def show(request: Request) -> Response:
        return JSONResponse(request.cookies)

    guard = Middleware(Guard, inserted_html="", allowed_hosts=lambda: ["localhost"])
    client = TestClient(Starlette(routes=[Route("/", show)], middleware=[guard]), base_url="http://localhost:8501")
    for hostile in HOSTILE.values():
        sent = hostile + b"; _streamlit_xsrf=2|a|b; _streamlit_user=signed; closer-8501=token"
        answer = client.get("/", headers={b"cookie": sent})
        assert answer.json() == {"_streamlit_xsrf": "2|a|b", "_streamlit_user": "signed", "closer-8501": "token"}
