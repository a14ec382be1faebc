"""A viewer who sends requests that no page of Closer's would: over the real server's socket and routes, nothing changes."""

from __future__ import annotations

import io
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lib.jobs.locks import kill_worker
from lib.store.runs import Run
from lib.store.uploads import Upload, store_upload
from lib.store.workspace import Workspace, open_workspace
from tests.browser.conftest import Server
from tests.page_client import PageAnswer, open_page
from tests.unit.projection.finished import finished_run

SECRET = "only-an-editor-reads-this"


@dataclass(frozen=True)
class Team:
    """A server with a token for editors and one for viewers. Cookies by role."""

    server: Server
    workspace: Workspace
    run: Run
    upload: Upload
    cookies: dict[str, str]

    def open(self, role: str, page: str, query: dict[str, str], *press: str) -> PageAnswer:
        """Open a page with the cookie of a role, and press buttons."""
        return open_page(self.server.url, page, query, cookie=self.cookies[role], press=press)

    def ask(self, role: str, method: str, path: str) -> tuple[int, bytes]:
        """Send a request with the cookie of a role; status and body."""
        data = b"x" if method in ("PUT", "POST") else None
        request = urllib.request.Request(
            self.server.url + path, data, {"Cookie": self.cookies[role], "Origin": self.server.url}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def content(self) -> tuple[object, ...]:
        """Everything of the workspace that a request could change."""
        drafts = sorted((one.name, one.read_bytes()) for one in self.upload.folder.iterdir() if one.is_file())
        return (self.workspace.runs.all(), self.workspace.jobs.all(), self.workspace.datasets.all(), drafts)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """Start that server over a workspace with a run and an upload."""
    home = tmp_path_factory.mktemp("viewer") / "workspace"
    run = finished_run(home, pairs=24, with_map=False)
    rows = "".join(f"question {n},{SECRET} {n}\n" for n in range(12))
    upload = store_upload(home, [("mine.csv", io.BytesIO(f"a,b\n{rows}".encode()))])
    server = Server(home)
    server.variables = {"CLOSER_TOKEN": "on", "CLOSER_VIEWERS": "token"}
    try:
        server.start()
        tokens = re.findall(r"\?token=([\w-]+)", (home.parent / "server.txt").read_text())
        cookies = {
            role: f"closer-{server.port}={token}" for role, token in zip(("editor", "viewer"), tokens, strict=True)
        }
        yield Team(server, open_workspace(home), run, upload, cookies)
    finally:
        server.stop()
        kill_worker(home)


@pytest.mark.parametrize("page", ["", "train", "upload"])
def test_no_button_of_an_editor_does_anything_for_a_viewer(team: Team, page: str) -> None:
    query = {"": {}, "train": {"run": team.run.id}, "upload": {"upload": team.upload.id}}[page]
    shown = {role: team.open(role, page, query).buttons for role in ("editor", "viewer")}
    buttons = {one.id for role in shown for one in shown[role]}
    assert shown["editor"]
    before = team.content()
    for one in sorted(buttons):
        answer = team.open("viewer", page, query, one)
        assert not [text for text in answer.alerts if "Something went wrong" in text]
    assert team.content() == before


def test_the_same_press_by_an_editor_changes_something(team: Team) -> None:
    """The requests above are ones that the server understands."""
    before = team.content()
    for one in team.open("editor", "upload", {}).buttons:
        team.open("editor", "upload", {}, one.id)
        if team.content() != before:
            break
    assert team.content() != before


def test_an_upload_is_not_read_by_a_viewer(team: Team) -> None:
    query = {"upload": team.upload.id}
    assert team.open("editor", "upload", query).holds(SECRET)
    assert not team.open("viewer", "upload", query).holds(SECRET)
    stored = f"uploads/{team.upload.id}/{team.upload.files[0].name}"
    up = "..%2f..%2f"
    for path in (
        f"/download/{team.upload.id}/log.txt",
        f"/download/{team.upload.id}/model.zip",
        f"/download/{up}{stored}/log.txt",
        f"/download/{team.run.id}/{up}{stored}",
        f"/media/{up}{stored}",
        f"/static/{up}{stored}",
        f"/app/static/{up}{stored}",
        f"/{stored}",
        f"/_stcore/upload_file/{team.upload.id}/{team.upload.files[0].name}",
    ):
        status, body = team.ask("viewer", "GET", path)
        assert SECRET.encode() not in body, path
        assert status < 500, path  # 200 is Streamlit's own page, which stands at any address


def test_streamlits_interface_for_programs_is_off(team: Team) -> None:
    """It would drive pages by HTTP, and say how."""
    for role in ("editor", "viewer"):
        for path in ("interact", "mcp"):
            assert b"does not serve the agent API" in team.ask(role, "POST", f"/_stcore/agent/{path}")[1]
            assert [team.ask(role, method, f"/_stcore/agent/{path}")[0] for method in ("GET", "PUT")] == [405, 405]


def raw(team: Team, request: bytes) -> bytes:
    """Send bytes that no client library would, and read what comes until the server closes or has said all."""
    with socket.create_connection(("127.0.0.1", team.server.port), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


HOST = b"\r\nHost: localhost\r\n"
RAW = {
    "two lengths": b"POST / HTTP/1.1" + HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length and chunks": b"POST / HTTP/1.1"
    + HOST
    + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
    "a chunk of 2^64 bytes": b"POST / HTTP/1.1" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 16 + b"\r\n",
    "a folded header": b"GET / HTTP/1.1" + HOST + b"X: a\r\n b\r\n\r\n",
    "another host as the target": b"GET http://evil.example/ HTTP/1.1" + HOST + b"\r\n",
    "a target of two slashes": b"GET //evil.example/%2e%2e HTTP/1.1" + HOST + b"\r\n",
    "a target that leaves": b"GET /../../../../etc/passwd HTTP/1.1" + HOST + b"\r\n",
    "a target with a null": b"GET /media/%00 HTTP/1.1" + HOST + b"\r\n",
    "a target of no UTF-8": b"GET /download/%ff%fe/log.txt HTTP/1.1" + HOST + b"\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1" + HOST + b"\r\n",
    "an echo": b"TRACE / HTTP/1.1" + HOST + b"Cookie: a=b\r\n\r\n",
    "a header of 1 MB": b"GET / HTTP/1.1" + HOST + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
    "a hundred thousand headers": b"GET / HTTP/1.1" + HOST + b"X: y\r\n" * 100_000 + b"\r\n",
    "an older version of HTTP": b"GET / HTTP/0.9\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 64,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
    "cookies that take 25 seconds": b"GET / HTTP/1.1" + HOST + b'Cookie: closer-1="' + b'\\"' * 29_000 + b'"\r\n\r\n',
    "another proxy's word": b"GET / HTTP/1.1"
    + HOST
    + b"X-Forwarded-Host: evil.example\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n",
    "a socket of an old version": (
        b"GET /_stcore/stream HTTP/1.1" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: x\r\n\r\n"
    ),
}
"""What somebody sends who has no token: refused, and the server goes on."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", list(RAW))
def test_bytes_that_no_browser_sends_are_refused(team: Team, name: str) -> None:
    try:
        answer = raw(team, RAW[name])
    except OSError:  # it closed before all was sent; ENOTCONN is no ConnectionError
        answer = b""
    status = answer.partition(b"\r\n")[0]
    assert not status or status.split()[1][:1] == b"4", status
    assert b"evil.example" not in answer
    assert b"root:" not in answer
    assert team.ask("viewer", "GET", "/health")[0] == 200


def test_no_file_is_sent_or_removed_by_a_viewer(team: Team) -> None:
    for method in ("PUT", "POST", "PATCH", "DELETE", "GET"):
        status, body = team.ask("viewer", method, "/_stcore/upload_file/session/file")
        assert (status, body) == (403, b"You can look at this workspace, not change it."), method
    assert (
        team.ask("editor", "PUT", "/_stcore/upload_file/session/file")[1] != body
    )  # Streamlit's own refusal: no such session
