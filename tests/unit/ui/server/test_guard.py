"""The guard in front of an app: refusals, headers on every answer, scripts that its policy lets in."""

from __future__ import annotations

import base64
import hashlib

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from lib.ui.server.guard import Guard
from lib.ui.server.headers import inline_scripts, security_headers, streamlit_page

OWN = "http://localhost:8501"
SCRIPT = "<style>a {}</style><script>go()</script>"
EXPECTED = {name.decode(): value.decode() for name, value in security_headers(SCRIPT)}


def page(_request: Request) -> Response:
    return PlainTextResponse("page", headers={"Access-Control-Allow-Origin": "*", "X-Frame-Options": "SAMEORIGIN"})


def broken(_request: Request) -> Response:
    raise ValueError("a bug with a secret")


async def socket(connection: WebSocket) -> None:
    await connection.accept()
    await connection.send_text("hello")
    await connection.close()


@pytest.fixture
def client() -> TestClient:
    """Make a client of a guarded app that answers to localhost."""
    app = Starlette(
        routes=[Route("/", page), Route("/broken", broken), WebSocketRoute("/socket", socket)],
        middleware=[Middleware(Guard, inserted_html=SCRIPT, allowed_hosts=lambda: ["localhost"])],
    )
    return TestClient(app, base_url=OWN, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("path", "origin", "status"),
    [("/", OWN, 200), ("/", "http://localhost:3000", 403), ("/nowhere", OWN, 404), ("/broken", OWN, 500)],
)
def test_every_answer_has_the_headers(client: TestClient, path: str, origin: str, status: int) -> None:
    answer = client.get(path, headers={"Origin": origin})
    assert answer.status_code == status
    assert {name: answer.headers.get_list(name) for name in EXPECTED} == {n: [v] for n, v in EXPECTED.items()}
    assert "access-control-allow-origin" not in answer.headers
    assert "secret" not in answer.text


def test_a_socket_is_refused_before_it_opens(client: TestClient) -> None:
    host = {"Host": "localhost:8501"}
    with client.websocket_connect("/socket", headers=host | {"Origin": OWN}) as connection:
        assert connection.receive_text() == "hello"
    for given in (host | {"Origin": "http://localhost:3000"}, host, {"Origin": OWN}):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/socket", headers=given):
            pass


def test_the_policy_lets_in_the_scripts_of_streamlits_page_and_ours_by_hash() -> None:
    assert inline_scripts(SCRIPT) == ["go()"]
    assert len(inline_scripts(streamlit_page())) == 1
    policy = EXPECTED["content-security-policy"]
    for script in (*inline_scripts(SCRIPT), *inline_scripts(streamlit_page())):
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts.replace("'unsafe-eval'", "")
    assert "http" not in policy  # no other host
    for directive in ("default-src 'none'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"):
        assert directive in policy
