"""Workers that are killed at any moment: the run goes on by itself and ends in the same bits."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest

from lib.errors import InputError
from lib.jobs.events import read_events
from lib.jobs.locks import is_held, kill_worker, worker_lock
from lib.jobs.status import fold
from lib.store.publish import remove
from lib.store.runs import Run
from tests.faults.conftest import EPOCHS, FaultHarness, kill, weights

MOMENTS = 20


def kill_at_event(harness: FaultHarness, run: Run, count: int, extra: float) -> bool:
    """Kill the worker a little after its run has that many events; return False when it had ended by then."""
    process = harness.start()
    harness.wait_for(lambda: process.poll() is not None or len(read_events(run.paths.events)[0]) >= count)
    time.sleep(extra)
    if process.poll() is not None:
        return False
    kill(process)
    return True


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_worker_ends_in_the_same_bits(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int], moment: int
) -> None:
    expected, events = reference
    generator = random.Random(moment)
    run = harness.add(epochs=EPOCHS)
    # Evenly over the whole run, loading to publishing, each a random moment within its twentieth.
    count = int((moment + generator.random()) / MOMENTS * (events - 1))
    assert kill_at_event(harness, run, count, generator.random() * 0.05) or moment == MOMENTS - 1
    harness.assert_undamaged()
    harness.finish()
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "succeeded", harness.log()
    assert weights(run) == expected
    harness.assert_undamaged()


@pytest.mark.parametrize(
    "place",
    [
        "weights:1",
        "weights:4",
        "sealing:1",
        "sealing:4",
        "sealing:9",
        "renaming:8",
        "renaming:30",
        "replacing:2",
        "replacing:5",
        "replacing:7",
        "replacing:8",
        "removing:3",
        "halfway:1",
        "halfway:2",
        "amending:20",
        "snapshot:2",
        "snapshot:4",
        "finishing:1",
        "finishing:2",
        "finishing:3",
    ],
)
def test_a_worker_killed_in_the_middle_of_a_write_ends_in_the_same_bits(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int], place: str
) -> None:
    """Kill inside a save, a publish or the last word to the queue, which a random time seldom hits."""
    expected, _ = reference
    run = harness.add(epochs=EPOCHS)
    killed = harness.start("tests.faults.limited", "die", place, str(harness.home))
    assert killed.wait(timeout=100) == -signal.SIGKILL, "it never came to that place"
    harness.assert_undamaged()
    harness.finish()
    jobs = harness.workspace.jobs.all(run=run.id)
    assert {job.state for job in jobs} == {"succeeded"}, harness.log()
    assert sorted(job.kind for job in jobs) == ["evaluate", "project", "train"]
    assert sum(job.attempts for job in jobs) == 4  # one of the three was begun twice
    assert weights(run) == expected
    harness.assert_undamaged()
    for path in run.folder.rglob("*"):
        os.utime(path, (time.time() - 3600,) * 2)
    for left in harness.workspace.leftovers():
        remove(left)
    harness.assert_undamaged()


def test_a_worker_killed_three_times_fails_and_says_so(harness: FaultHarness) -> None:
    run = harness.add(epochs=50)
    for attempt in range(1, 4):
        process = harness.start()
        harness.wait_for(lambda attempt=attempt: harness.kinds(run).count("attempt:") >= attempt)
        kill(process)
    harness.finish()
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "died 3 times" in ended.reason
    harness.assert_undamaged()


def test_cancel_keeps_the_best_so_far_and_judges_it(harness: FaultHarness) -> None:
    run = harness.add(epochs=400, patience=0)
    process = harness.start()
    harness.wait_for(lambda: "measured:epoch-002" in harness.kinds(run))
    harness.workspace.jobs.cancel(run.job)
    process.wait(timeout=100)
    ended = harness.workspace.runs.get(run.id)
    assert ended.state == "cancelled"
    assert ended.is_partial
    assert ended.headline is not None
    assert {(job.kind, job.state) for job in harness.workspace.jobs.all(run=run.id)} == {
        ("train", "cancelled"),
        ("evaluate", "succeeded"),
        ("project", "succeeded"),
    }
    harness.assert_undamaged()


def test_a_stopped_worker_is_seen_as_silent_can_be_killed_and_goes_on(
    harness: FaultHarness, reference: tuple[dict[str, bytes], int]
) -> None:
    run = harness.add(epochs=EPOCHS)
    process = harness.start()
    harness.wait_for(lambda: "measured:epoch-001" in harness.kinds(run))
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(1.5)
    assert fold(read_events(run.paths.events)[0]).seconds_silent > 1.0
    assert is_held(worker_lock(harness.home))  # stopped is not dead: nobody takes its job
    assert kill_worker(harness.home)
    process.wait(timeout=10)
    assert not is_held(worker_lock(harness.home))
    harness.assert_undamaged()
    harness.finish()
    assert weights(run) == reference[0]


def test_ctrl_c_does_not_reach_a_worker(harness: FaultHarness) -> None:
    run = harness.add(epochs=EPOCHS)
    process = harness.start()
    harness.wait_for(lambda: "stage:training" in harness.kinds(run))
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=100)
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()


def test_an_ended_run_that_kept_a_checkpoint_goes_on_with_more_epochs(harness: FaultHarness) -> None:
    run = harness.add(epochs=1, keep_checkpoint=True)
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()
    assert len(list(run.paths.checkpoints.iterdir())) == 1
    with pytest.raises(InputError):
        harness.workspace.runs.extend(run.id, 1)
    harness.workspace.runs.extend(run.id, 3)
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()
    history = json.loads((run.model_dir / "closer.json").read_text())["history"]
    assert [epoch["epoch"] for epoch in history] == [0, 1, 2, 3]
    assert len(harness.workspace.jobs.all(run=run.id, kind="evaluate")) == 2
    harness.assert_undamaged()


def test_an_ended_run_keeps_no_checkpoint_unless_asked_to(harness: FaultHarness) -> None:
    run = harness.add(epochs=1)
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()
    assert not run.paths.checkpoints.exists()
    with pytest.raises(InputError, match="no checkpoint"):
        harness.workspace.runs.extend(run.id, 3)
    assert harness.workspace.runs.get(run.id).state == "succeeded"


def test_a_run_whose_end_the_queue_missed_is_not_trained_again(harness: FaultHarness) -> None:
    """The worker was killed after the checkpoints were gone, before the queue had its note."""
    run = harness.add(epochs=1)
    harness.finish()
    before, stages = weights(run), harness.kinds(run).count("stage:training")
    with harness.workspace.database.changing() as connection:
        connection.execute("UPDATE jobs SET state = 'queued', attempts = 0 WHERE id = ?", (run.job,))
    harness.finish()
    assert harness.workspace.runs.get(run.id).state == "succeeded", harness.log()
    assert harness.kinds(run).count("stage:training") == stages
    assert weights(run) == before
