"""However the work inside ends, the queue is told truly."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from lib.errors import CancelledError, LostProcessError, ModelError, TrainingError
from lib.jobs.attempt import LESS_MEMORY, Attempt
from lib.jobs.events import EventWriter, read_events
from lib.jobs.status import fold
from lib.store.jobs import WAITING, Job
from lib.store.workspace import Workspace, open_workspace


def begin(workspace: Workspace, tmp_path: Path) -> tuple[Attempt, Job]:
    waiting = workspace.jobs.all(states=WAITING) or [workspace.jobs.submit("train", run="r")]
    job = workspace.jobs.claim(waiting[0].id)
    assert job is not None
    return Attempt(workspace, job, EventWriter(tmp_path / "events.jsonl")), job


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (TrainingError("The loss became nan.", todo="Lower the learning rate."), "failed", "Lower the learning rate"),
        (CancelledError("Cancelled."), "cancelled", "Cancelled"),
    ],
)
def test_errors_meant_for_users_end_here(home: Path, tmp_path: Path, error: Exception, state: str, reason: str) -> None:
    workspace = open_workspace()
    attempt, job = begin(workspace, tmp_path)
    with attempt:
        raise error
    ended = workspace.jobs.get(job.id)
    assert ended.state == state
    assert reason in ended.reason
    assert (ended.error is None) == (state == "cancelled")


def test_a_job_whose_helper_was_killed_has_another_attempt(home: Path, tmp_path: Path) -> None:
    workspace = open_workspace()
    for expected in ("queued", "queued", "failed"):
        attempt, job = begin(workspace, tmp_path)
        with attempt:
            raise LostProcessError("Killed.")
        assert workspace.jobs.get(job.id).state == expected


def test_a_failed_job_keeps_its_error_whole(home: Path, tmp_path: Path) -> None:
    workspace = open_workspace()
    attempt, job = begin(workspace, tmp_path)
    with attempt:
        raise ModelError("What.", where="Where", todo="Do.")
    error = workspace.jobs.get(job.id).failure
    assert type(error) is ModelError
    assert (error.what, error.where, error.todo) == ("What.", "Where", "Do.")
    assert workspace.jobs.retry(job.id).error is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), LESS_MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), LESS_MEMORY),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError"),
    ],
)
def test_other_errors_are_told_and_go_on(home: Path, tmp_path: Path, error: Exception, reason: str) -> None:
    workspace = open_workspace()
    attempt, job = begin(workspace, tmp_path)
    with pytest.raises(type(error)), attempt:
        raise error
    ended = workspace.jobs.get(job.id)
    assert ended.state == "failed"
    assert reason in ended.reason
    log = fold(read_events(tmp_path / "events.jsonl")[0]).log
    assert "Traceback" in log[-1].text


def test_what_was_kept_of_a_run_that_was_cut_short_is_judged(home: Path, tmp_path: Path) -> None:
    workspace = open_workspace()
    attempt, job = begin(workspace, tmp_path)
    error = CancelledError("Cancelled.")
    error.follow_ups = ("evaluate", "project")
    with attempt:
        raise error
    assert workspace.jobs.get(job.id).state == "cancelled"
    assert [j.kind for j in workspace.jobs.all(states=("queued",))] == ["evaluate", "project"]


def test_a_disk_that_takes_no_events_does_not_hide_how_it_ended(home: Path) -> None:
    workspace = open_workspace()
    job = workspace.jobs.claim(workspace.jobs.submit("train", run="r").id)
    assert job is not None
    with (
        pytest.raises(OSError, match="No space"),
        Attempt(workspace, job, EventWriter(Path("/dev/full"))) as attempt,
    ):
        attempt.progress.stage("training")
        raise OSError(errno.ENOSPC, "No space left on device")
    ended = workspace.jobs.get(job.id)
    assert ended.state == "failed"
    assert re.search(r"\d+ (GB|MB|kB|bytes) are free", ended.reason)


def test_success_queues_what_follows(home: Path, tmp_path: Path) -> None:
    workspace = open_workspace()
    attempt, job = begin(workspace, tmp_path)
    with attempt:
        attempt.follow_ups = ("evaluate",)
    assert workspace.jobs.get(job.id).state == "succeeded"
    assert [j.kind for j in workspace.jobs.all(states=("queued",))] == ["evaluate"]
