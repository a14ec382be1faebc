"""Several windows on one workspace: an idle one hears of what another began.

A damaged list is restored where it is seen.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect

from lib.store.workspace import open_workspace
from tests.browser.conftest import Server
from tests.builders import FAST, add_dataset, add_run


def test_an_idle_window_hears_of_a_run_that_nobody_started_there(
    server: Server, window: Page, tiny_model: Path
) -> None:
    """Begin a run elsewhere while the window asks nothing: it still ends with a word in it."""
    sent: list[object] = []
    window.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    window.goto(f"{server.url}/upload")
    expect(window.get_by_role("heading", name="Upload a file")).to_be_visible()
    window.wait_for_timeout(2_000)
    before = len(sent)
    window.wait_for_timeout(5_000)
    assert len(sent) == before  # nothing polls while nothing runs
    workspace = open_workspace(server.home)
    run = add_run(workspace, add_dataset(workspace, name="From elsewhere"), tiny_model, recipe=replace(FAST, epochs=1))
    expect(window.get_by_text("has finished").first).to_be_visible(timeout=120_000)
    assert workspace.runs.get(run.id).state == "succeeded"


def test_a_lost_list_is_restored_from_the_page_that_tells_of_it(server: Server, window: Page) -> None:
    workspace = open_workspace(server.home)
    dataset = add_dataset(workspace, name="Colours of things")
    run = add_run(workspace, dataset, "not/here")
    workspace.jobs.cancel(run.job)
    workspace.database.backup(older_than=0)
    for tail in ("-wal", "-shm"):
        (server.home / f"closer.db{tail}").unlink(missing_ok=True)
    rubbish = server.home / "rubbish"
    rubbish.write_bytes(b"rubbish " * 2_000)
    rubbish.replace(server.home / "closer.db")
    window.goto(f"{server.url}/upload")
    expect(window.get_by_text("damaged").first).to_be_visible()
    window.get_by_role("button", name="Restore last backup").click()
    expect(window.get_by_text("Colours of things").first).to_be_visible()
    expect(window.get_by_text("is kept as").first).to_be_visible()
    assert [one.id for one in open_workspace(server.home).runs.all()] == [run.id]
    assert len(list(server.home.glob("closer.damaged-*.db"))) == 1
