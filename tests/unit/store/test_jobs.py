"""The queue: each change of state is conditional, order can change, old attempts cannot write."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.errors import InputError
from lib.store.jobs import MAX_ATTEMPTS
from lib.store.workspace import Workspace, open_workspace


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return open_workspace()


def test_a_job_on_a_dataset_is_one_by_its_key_and_can_be_asked_for_again(workspace: Workspace) -> None:
    first = workspace.jobs.submit_on_dataset("check", dataset="d", payload={"a": 1}, key="k")
    assert workspace.jobs.submit_on_dataset("check", dataset="d", payload={"a": 2}, key="k") == first
    assert (first.run, first.dataset) == ("", "d")
    claimed = workspace.jobs.claim(first.id)
    assert claimed is not None
    workspace.jobs.finish(claimed, "failed", "Why.", error=InputError("Why."))
    assert isinstance(workspace.jobs.get(first.id).error, InputError)
    again = workspace.jobs.submit_on_dataset("check", dataset="d", payload={"a": 3}, key="k")
    assert (again.id, again.state, again.payload, again.attempts) == (first.id, "queued", {"a": 3}, 0)
    assert again.error is None
    assert workspace.jobs.find("k") == again
    assert workspace.jobs.find("other") is None


def test_a_job_is_claimed_once(workspace: Workspace) -> None:
    job = workspace.jobs.submit("train", run="r")
    assert workspace.jobs.claim(job.id) is not None
    assert workspace.jobs.claim(job.id) is None


def test_an_older_attempt_cannot_finish_a_newer_one(workspace: Workspace) -> None:
    job = workspace.jobs.submit("train", run="r")
    first = workspace.jobs.claim(job.id)
    assert first is not None
    workspace.jobs.record_interruption(first)
    second = workspace.jobs.claim(job.id)
    assert second is not None
    assert second.attempts == 2
    assert workspace.jobs.finish(first, "failed", "late") is False
    assert workspace.jobs.get(job.id).state == "running"
    assert workspace.jobs.finish(second, "succeeded") is True


def test_a_job_whose_workers_die_fails_after_three(workspace: Workspace) -> None:
    job = workspace.jobs.submit("train", run="r")
    for _ in range(MAX_ATTEMPTS):
        claimed = workspace.jobs.claim(job.id)
        assert claimed is not None
        workspace.jobs.record_interruption(claimed)
    ended = workspace.jobs.get(job.id)
    assert (ended.state, ended.attempts) == ("failed", MAX_ATTEMPTS)
    assert workspace.jobs.retry(job.id).state == "queued"


def test_cancel_waits_for_a_running_job_and_ends_a_queued_one(workspace: Workspace) -> None:
    queued, running = workspace.jobs.submit("train", run="a"), workspace.jobs.submit("train", run="b")
    claimed = workspace.jobs.claim(running.id)
    assert claimed is not None
    assert workspace.jobs.cancel(queued.id).state == "cancelled"
    assert workspace.jobs.cancel(running.id).state == "cancelling"
    workspace.jobs.record_interruption(workspace.jobs.get(running.id))
    assert workspace.jobs.get(running.id).state == "cancelled"


def test_follow_ups_come_next_in_their_order(workspace: Workspace) -> None:
    first = workspace.jobs.submit("train", run="a")
    workspace.jobs.submit("train", run="b")
    claimed = workspace.jobs.claim(first.id)
    assert claimed is not None
    workspace.jobs.finish(claimed, "succeeded", follow_ups=("evaluate", "project"))
    waiting = [(job.kind, job.run) for job in workspace.jobs.all(states=("queued",))]
    assert waiting == [("evaluate", "a"), ("project", "a"), ("train", "b")]


def test_order_can_be_changed(workspace: Workspace) -> None:
    ids = [workspace.jobs.submit("train", run=name).id for name in "abc"]
    workspace.jobs.move(ids[2], -2)
    assert [job.run for job in workspace.jobs.all()] == ["c", "a", "b"]
    workspace.jobs.move(ids[2], 1)
    assert [job.run for job in workspace.jobs.all()] == ["a", "c", "b"]
    workspace.jobs.claim(ids[0])
    with pytest.raises(InputError):
        workspace.jobs.move(ids[0], 1)


def test_only_what_ended_badly_can_be_tried_again(workspace: Workspace) -> None:
    job = workspace.jobs.submit("train", run="a")
    claimed = workspace.jobs.claim(job.id)
    assert claimed is not None
    workspace.jobs.finish(claimed, "succeeded")
    with pytest.raises(InputError):
        workspace.jobs.retry(job.id)


def test_follow_ups_come_again_after_another_try(workspace: Workspace) -> None:
    job = workspace.jobs.submit("train", run="a")
    for _ in range(2):
        claimed = workspace.jobs.claim(job.id)
        assert claimed is not None
        workspace.jobs.finish(claimed, "cancelled", follow_ups=("evaluate",))
        workspace.jobs.retry(job.id)
    assert [j.kind for j in workspace.jobs.all(states=("queued",))].count("evaluate") == 2
