"""What every page has around it: no trace, announcements, the viewer's notice.

Only one poller, and only while something runs.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.shared import polling, supervisor_status
from tests.app.conftest import ROUTER, texts


@pytest.mark.parametrize("page", ["overview", "upload", "train", "explore"])
def test_every_page_opens_on_an_empty_workspace(open_page: Callable[..., AppTest], page: str) -> None:
    app = open_page(page)
    assert texts(app)
    assert not app.error


@pytest.mark.parametrize("page", ["overview", "upload", "train", "explore"])
def test_a_damaged_database_is_told_and_left_as_it_is(
    open_page: Callable[..., AppTest], workspace: Workspace, page: str
) -> None:
    path = workspace.home / "closer.db"
    for extra in ("closer.db-wal", "closer.db-shm"):
        (workspace.home / extra).unlink(missing_ok=True)
    path.write_bytes(b"rubbish" * 1000)
    app = AppTest.from_file(str(ROUTER), default_timeout=30).run()
    if page != "overview":
        app.switch_page(f"{page}.py")
        app.run()
    assert not app.exception
    assert any("damaged" in str(error.value) for error in app.error)
    assert path.read_bytes() == b"rubbish" * 1000


def test_the_end_of_a_run_is_announced_on_any_page(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("running", name="Mine")
    app = open_page("upload")
    assert not app.toast
    workspace.jobs.finish(workspace.jobs.get(run.job), "succeeded")
    app.run()
    assert [toast.value for toast in app.toast if "Mine has finished" in toast.value]
    app.run()
    assert not app.toast


def test_nothing_polls_when_nothing_runs(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(polling, "_poll_again", started.append)
    make_run("succeeded")
    open_page("upload")
    assert started == []
    make_run("running")
    open_page("upload")
    assert started


def test_a_page_with_its_own_poller_gets_no_second_one(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    run = make_run("running")
    app = open_page("train", run=run.id)
    monkeypatch.setattr(polling, "_poll_again", started.append)
    app.run()
    assert started == []


def test_a_server_that_only_watches_says_so(open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch) -> None:
    class Watching:
        is_viewer = True
        trouble = ""

    assert not any("Another Closer server" in str(info.value) for info in open_page().info)
    monkeypatch.setattr(supervisor_status, "_supervisors", [Watching()])
    assert any("Another Closer server" in str(info.value) for info in open_page().info)
