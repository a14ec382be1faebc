"""The supervisor outlives whatever a tick meets, starts workers, and kills only what shows no life."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.jobs import supervisor as room
from lib.jobs.events import EventWriter
from lib.jobs.supervisor import PendingStop, Supervisor, make_way
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run


class Child:
    """A worker that is still on its way."""

    def poll(self) -> None:
        return None


@pytest.fixture
def worker_logs(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Count the workers that would be started."""
    logs: list[Path] = []

    def start(home: Path, *, log: Path, waits: bool = False) -> Child:
        logs.append(log.with_name("waiting") if waits else log)
        return Child()

    monkeypatch.setattr(room, "start_worker", start)
    return logs


@pytest.fixture
def supervised_workspace(home: Path) -> Iterator[tuple[Supervisor, Workspace]]:
    supervisor = Supervisor(home)
    yield supervisor, open_workspace(home)
    supervisor.stop()


def test_one_worker_is_started_when_something_waits(
    supervised_workspace: tuple[Supervisor, Workspace], worker_logs: list[Path], tmp_path: Path
) -> None:
    supervisor, workspace = supervised_workspace
    supervisor.tick(workspace)
    assert worker_logs == []
    add_run(workspace, add_dataset(workspace), "a/b")
    supervisor.tick(workspace)
    supervisor.tick(workspace)  # the first has not taken its lock yet
    assert len(worker_logs) == 1


def test_a_worker_that_is_expected_is_started_ahead_where_there_is_room(
    supervised_workspace: tuple[Supervisor, Workspace], worker_logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor, workspace = supervised_workspace
    for free in (room.ROOM_TO_WAIT, room.ROOM_TO_WAIT + 1):
        monkeypatch.setattr(room, "available_memory", lambda free=free: free)
        supervisor.expect_work()
        supervisor.tick(workspace)
        supervisor.tick(workspace)
    assert [log.name for log in worker_logs] == ["waiting"]
    add_run(workspace, add_dataset(workspace), "a/b")
    supervisor.tick(workspace)  # it is there already, and takes the job itself
    assert len(worker_logs) == 1


def test_a_job_without_a_run_stops_nothing(
    supervised_workspace: tuple[Supervisor, Workspace], worker_logs: list[Path]
) -> None:
    supervisor, workspace = supervised_workspace
    workspace.jobs.submit("train", run="gone")
    supervisor.tick(workspace)
    assert len(worker_logs) == 1  # the worker will say that its run is gone


def test_work_in_the_background_makes_way(home: Path) -> None:
    workspace = open_workspace(home)
    dataset = add_dataset(workspace)
    working, waiting = (workspace.jobs.submit_on_dataset("estimate", dataset=dataset.id, key=key) for key in "ab")
    assert workspace.jobs.claim(working.id)
    make_way(workspace)
    assert workspace.jobs.get(working.id).state == "running"  # another of its kind does not hurry it
    add_run(workspace, dataset, "a/b")
    make_way(workspace)
    assert workspace.jobs.get(working.id).state == "cancelling"
    assert workspace.jobs.get(waiting.id).state == "queued"


def test_the_thread_outlives_errors_and_says_them(
    home: Path, worker_logs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = Supervisor(home)
    monkeypatch.setattr(room, "TICK_SECONDS", 0.01)
    errors = iter([OSError(28, "No space left on device"), KeyError("rubbish"), ValueError("no json")])

    def tick(workspace: Workspace) -> None:
        error = next(errors, None)
        if error is None:
            supervisor._ended.set()
        else:
            raise error

    monkeypatch.setattr(supervisor, "tick", tick)
    seen: list[str] = []
    monkeypatch.setattr(room._log, "error", lambda text, error: seen.append(str(error)))
    supervisor.start()
    assert supervisor._thread is not None
    supervisor._thread.join(timeout=20)
    assert not supervisor._thread.is_alive()
    assert ["No space" in seen[0], "rubbish" in seen[1], "no json" in seen[2]] == [True] * 3
    assert supervisor.trouble == ""  # the last look went well
    supervisor.stop()


def test_pages_are_told_once_when_work_begins(home: Path) -> None:
    calls: list[str] = []
    supervisor, workspace = Supervisor(home, on_begin=lambda: calls.append("begun")), open_workspace(home)
    supervisor._notify(workspace)
    assert calls == []
    run = add_run(workspace, add_dataset(workspace), "a/b")
    supervisor._notify(workspace)
    supervisor._notify(workspace)
    assert calls == ["begun"]
    workspace.jobs.cancel(run.job)
    supervisor._notify(workspace)
    workspace.jobs.retry(run.job)
    supervisor._notify(workspace)
    assert calls == ["begun", "begun"]


def test_a_worker_that_saves_is_not_killed_and_a_silent_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: clock[0])
    events = tmp_path / "events.jsonl"
    writer, waited = EventWriter(events), PendingStop()
    for _ in range(5):  # it saves, and says so
        writer.log("saving")
        waited = waited.observe(events)
        clock[0] += 20
        assert not waited.is_late
    waited = waited.observe(events)
    clock[0] += room.CANCEL_SECONDS + 1
    assert waited.observe(events).is_late


def test_saving_does_not_last_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(room.time, "monotonic", lambda: clock[0])
    writer, waited = EventWriter(tmp_path / "events.jsonl"), PendingStop()
    late = []
    for _ in range(20):
        writer.log("still busy")
        waited = waited.observe(tmp_path / "events.jsonl")
        late.append(waited.is_late)
        clock[0] += 20
    assert (late[0], late[-1]) == (False, True)
