"""The entrance: when a token is asked for, what a wrong one gets, what signing in gives, and what a viewer may not send."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.web.server.starlette import starlette_app_utils, starlette_websocket

from lib import process
from lib.errors import InputError
from lib.ui.server import entrance
from lib.ui.server.entrance import load_access, print_addresses
from lib.ui.server.guard import Guard
from lib.ui.shared.access import Access, AccessRole, current_access, set_access

OWN = "http://localhost:8501"
TOKENS = Access(editor_token="e" * 32, viewer_token="v" * 32, cookie="closer-8501")
PEOPLE = Access(editors=("ann@team.example",), viewers=("*@team.example",), cookie="closer-8501")
UPLOAD = "/_stcore/upload_file/session/file"


def answer(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.path}?{request.url.query}")


async def socket(connection: WebSocket) -> None:
    await connection.accept()
    await connection.close()


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Give a client of a guarded app; the rules are those of the test."""
    routes = [
        WebSocketRoute("/_stcore/stream", socket),
        Route("/{path:path}", answer, methods=["GET", "PUT", "DELETE"]),
    ]
    guard = Middleware(Guard, inserted_html="", allowed_hosts=lambda: ["localhost"])
    before = current_access()
    yield TestClient(Starlette(routes=routes, middleware=[guard]), base_url=OWN, follow_redirects=False)
    set_access(before)


@pytest.mark.parametrize(
    ("setting", "address", "others", "expected"),
    [
        ("auto", "127.0.0.1", False, False),
        ("auto", "127.0.0.1", True, True),
        ("auto", "0.0.0.0", False, True),
        ("auto", "", False, True),
        ("", "192.168.0.5", False, True),
        ("on", "127.0.0.1", False, True),
        ("off", "0.0.0.0", True, False),
    ],
)
def test_a_token_is_asked_for_where_others_could_come_in(
    monkeypatch: pytest.MonkeyPatch, setting: str, address: str, others: bool, expected: bool
) -> None:
    monkeypatch.setattr(entrance, "has_other_accounts", lambda: others)
    access = load_access({"CLOSER_TOKEN": setting}, address=address, port=8501)
    assert access.needs_token is expected
    assert len(access.editor_token) == (32 if expected else 0)
    assert access.editor_token != load_access({"CLOSER_TOKEN": "on"}, address=address, port=8501).editor_token


def test_settings_are_read_and_others_refused() -> None:
    people = load_access({"CLOSER_EDITORS": "Ann@x.example, ", "CLOSER_VIEWERS": "*@x.example"}, address="", port=1)
    assert (people.editors, people.viewers, people.editor_token) == (("ann@x.example",), ("*@x.example",), "")
    two = load_access({"CLOSER_VIEWERS": "token"}, address="127.0.0.1", port=1)
    assert two.needs_token
    assert two.viewer_token not in ("", two.editor_token)
    with pytest.raises(InputError):
        load_access({"CLOSER_TOKEN": "perhaps"}, address="", port=1)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no shells in the list of accounts")
def test_accounts_that_nobody_logs_in_to_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def account(uid: int, shell: str) -> pwd.struct_passwd:
        return pwd.struct_passwd(("name", "x", uid, uid, "", "/", shell))

    monkeypatch.setattr(process.os, "geteuid", lambda: 1000)
    quiet = [
        account(0, "/bin/bash"),
        account(1000, "/bin/zsh"),
        account(4, "/bin/sync"),
        account(2, "/usr/sbin/nologin"),
    ]
    monkeypatch.setattr(pwd, "getpwall", lambda: quiet)
    assert not process.has_other_accounts()
    monkeypatch.setattr(pwd, "getpwall", lambda: [*quiet, account(1001, "/bin/bash")])
    assert process.has_other_accounts()


def test_the_printed_address_opens_and_becomes_a_cookie(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    set_access(TOKENS)
    print_addresses(TOKENS, address="0.0.0.0", port=8501, hosts=["localhost"], is_secure=False)
    said = capsys.readouterr().out
    assert f"{OWN}/?token={TOKENS.editor_token}." in said
    assert f"{OWN}/?token={TOKENS.viewer_token}\n" in said
    opened = client.get(f"/explore?run=r1&token={TOKENS.editor_token}&pair=%C2%B2")
    assert (opened.status_code, opened.headers["location"]) == (303, "/explore?run=r1&pair=%C2%B2")
    cookie = opened.headers["set-cookie"].lower()
    assert cookie.startswith("closer-8501=eeee")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.get("/explore?run=r1").text == "GET /explore?run=r1"


@pytest.mark.parametrize(
    "given", ["", "?token=", "?token=wrong", f"?token={'e' * 31}", "?token=²", "?token=" + "e" * 10_000]
)
def test_without_the_token_nothing_is_answered_but_the_health(client: TestClient, given: str) -> None:
    set_access(TOKENS)
    for path in ("/", "/explore", "/download/r/model.zip", "/media/x", "/static/js/index.js", UPLOAD):
        refused = client.get(path + given)
        assert refused.status_code == 401
        assert "GET" not in refused.text
        assert "content-security-policy" in refused.headers
    assert client.put(UPLOAD + given).status_code == 401
    assert client.get("/_stcore/health" + given).status_code == 200
    headers = {"Host": "localhost:8501", "Origin": OWN}
    for cookie in ("", "closer-8501=wrong", "closer-8502=" + TOKENS.editor_token, "closer-8501"):
        with (
            pytest.raises(WebSocketDisconnect),
            client.websocket_connect("/_stcore/stream", headers=headers | {"Cookie": cookie}),
        ):
            pass
    with client.websocket_connect(
        "/_stcore/stream", headers=headers | {"Cookie": f"a=1; closer-8501={TOKENS.editor_token}"}
    ):
        pass


def test_a_redirect_stays_on_the_server(client: TestClient) -> None:
    set_access(TOKENS)
    for path in ("//evil.example", "/\\evil.example", "///evil.example/x"):
        location = client.get(f"{OWN}{path}?token={TOKENS.editor_token}").headers.get("location", "/")
        assert location.startswith("/")
        assert not location.startswith(("//", "/\\"))


def test_a_viewer_looks_and_sends_no_file(client: TestClient) -> None:
    set_access(TOKENS)
    client.get(f"/?token={TOKENS.viewer_token}")
    assert client.get("/download/r/model.zip").status_code == 200
    assert (client.put(UPLOAD).status_code, client.delete(UPLOAD).status_code) == (403, 403)
    assert TOKENS.role({"closer-8501": TOKENS.viewer_token}) is AccessRole.VIEWER


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., dict[str, str]]]:
    """Give a function that signs a person in as Streamlit does."""
    monkeypatch.setattr(starlette_websocket, "get_cookie_secret", lambda: "secret")

    def sign(secret: str = "secret", **person: object) -> dict[str, str]:
        facts = json.dumps({"is_logged_in": True, "email_verified": True, "origin": OWN} | person)
        return {"_streamlit_user": starlette_app_utils.create_signed_value(secret, "_streamlit_user", facts).decode()}

    return sign


def test_people_who_sign_in_have_the_role_of_their_address(
    client: TestClient, signed: Callable[..., dict[str, str]]
) -> None:
    set_access(PEOPLE)
    assert PEOPLE.role(signed(email="Ann@team.example")) is AccessRole.EDITOR
    assert PEOPLE.role(signed(email="bob@team.example")) is AccessRole.VIEWER
    for person in (
        {"email": "eve@evil.example"},
        {"email": "ann@team.example.evil.example"},
        {"email": "ann@team.example", "is_logged_in": False},
        {"email": "ann@team.example", "email_verified": False},
        {"email": "ann@team.example", "email_verified": None},  # the provider does not say
        {},
    ):
        assert PEOPLE.role(signed(**person)) is None
    assert PEOPLE.role(signed(secret="another", email="ann@team.example")) is None
    assert PEOPLE.role({"_streamlit_user": "rubbish"}) is None
    assert client.get("/").status_code == 200  # the page opens, for its button to sign in
    for path in ("/download/r/model.zip", "/media/x", UPLOAD):
        assert client.get(path).status_code == 403
    client.cookies.update(signed(email="bob@team.example"))
    assert client.get("/download/r/model.zip").status_code == 200
    assert client.put(UPLOAD).status_code == 403
    client.cookies.update(signed(email="ann@team.example"))
    assert client.put(UPLOAD).status_code == 200
