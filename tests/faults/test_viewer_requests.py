"""A viewer who sends requests that no page of Closer's would: over the real server's socket and routes, nothing changes."""

from __future__ import annotations

import io
import re
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


def test_no_file_is_sent_or_removed_by_a_viewer(team: Team) -> None:
    for method in ("PUT", "POST", "PATCH", "DELETE", "GET"):
        status, body = team.ask("viewer", method, "/_stcore/upload_file/session/file")
        assert (status, body) == (403, b"You can look at this workspace, not change it."), method
    assert (
        team.ask("editor", "PUT", "/_stcore/upload_file/session/file")[1] != body
    )  # Streamlit's own refusal: no such session
