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
from tests.faults.conftest import EPOCHS, Farm, kill, weights

MOMENTS = 20


def kill_at_event(farm: Farm, run: Run, count: int, extra: float) -> bool:
    """Kill the worker a little after its run has that many events; return False when it had ended by then."""
    process = farm.start()
    farm.wait_for(lambda: process.poll() is not None or len(read_events(run.paths.events)[0]) >= count)
    time.sleep(extra)
    if process.poll() is not None:
        return False
    kill(process)
    return True


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_worker_ends_in_the_same_bits(
    farm: Farm, reference: tuple[dict[str, bytes], int], moment: int
) -> None:
    expected, events = reference
    generator = random.Random(moment)
    run = farm.add(epochs=EPOCHS)
    # Evenly over the whole run, loading to publishing, each a random moment within its twentieth.
    count = int((moment + generator.random()) / MOMENTS * (events - 1))
    assert kill_at_event(farm, run, count, generator.random() * 0.05) or moment == MOMENTS - 1
    farm.whole()
    farm.finish()
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "succeeded", farm.log()
    assert weights(run) == expected
    farm.whole()


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
        "telling:1",
        "telling:2",
        "telling:3",
    ],
)
def test_a_worker_killed_in_the_middle_of_a_write_ends_in_the_same_bits(
    farm: Farm, reference: tuple[dict[str, bytes], int], place: str
) -> None:
    """Each place is inside a save, a publish or the last word to the queue: what a random moment seldom hits."""
    expected, _ = reference
    run = farm.add(epochs=EPOCHS)
    killed = farm.start("tests.faults.limited", "die", place, str(farm.home))
    assert killed.wait(timeout=100) == -signal.SIGKILL, "it never came to that place"
    farm.whole()
    farm.finish()
    jobs = farm.workspace.jobs.all(run=run.id)
    assert {job.state for job in jobs} == {"succeeded"}, farm.log()
    assert sorted(job.kind for job in jobs) == ["evaluate", "project", "train"]
    assert sum(job.attempts for job in jobs) == 4  # one of the three was begun twice
    assert weights(run) == expected
    farm.whole()
    for path in run.folder.rglob("*"):
        os.utime(path, (time.time() - 3600,) * 2)
    for left in farm.workspace.leftovers():
        remove(left)
    farm.whole()


def test_a_worker_killed_three_times_fails_and_says_so(farm: Farm) -> None:
    run = farm.add(epochs=50)
    for attempt in range(1, 4):
        process = farm.start()
        farm.wait_for(lambda attempt=attempt: farm.kinds(run).count("attempt:") >= attempt)
        kill(process)
    farm.finish()
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "failed"
    assert "died 3 times" in ended.reason
    farm.whole()


def test_cancel_keeps_the_best_so_far_and_judges_it(farm: Farm) -> None:
    run = farm.add(epochs=400, patience=0)
    process = farm.start()
    farm.wait_for(lambda: "measured:epoch-002" in farm.kinds(run))
    farm.workspace.jobs.cancel(run.job)
    process.wait(timeout=100)
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "cancelled"
    assert ended.is_partial
    assert ended.headline is not None
    assert {(job.kind, job.state) for job in farm.workspace.jobs.all(run=run.id)} == {
        ("train", "cancelled"),
        ("evaluate", "succeeded"),
        ("project", "succeeded"),
    }
    farm.whole()


def test_a_stopped_worker_is_seen_as_silent_can_be_killed_and_goes_on(
    farm: Farm, reference: tuple[dict[str, bytes], int]
) -> None:
    run = farm.add(epochs=EPOCHS)
    process = farm.start()
    farm.wait_for(lambda: "measured:epoch-001" in farm.kinds(run))
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(1.5)
    assert fold(read_events(run.paths.events)[0]).seconds_silent > 1.0
    assert is_held(worker_lock(farm.home))  # stopped is not dead: nobody takes its job
    assert kill_worker(farm.home)
    process.wait(timeout=10)
    assert not is_held(worker_lock(farm.home))
    farm.whole()
    farm.finish()
    assert weights(run) == reference[0]


def test_ctrl_c_does_not_reach_a_worker(farm: Farm) -> None:
    run = farm.add(epochs=EPOCHS)
    process = farm.start()
    farm.wait_for(lambda: "stage:training" in farm.kinds(run))
    os.killpg(process.pid, signal.SIGINT)
    process.wait(timeout=100)
    assert farm.workspace.runs.get(run.id).state == "succeeded", farm.log()


def test_an_ended_run_goes_on_with_more_epochs(farm: Farm) -> None:
    run = farm.add(epochs=1)
    farm.finish()
    assert farm.workspace.runs.get(run.id).state == "succeeded", farm.log()
    with pytest.raises(InputError):
        farm.workspace.runs.extend(run.id, 1)
    farm.workspace.runs.extend(run.id, 3)
    farm.finish()
    assert farm.workspace.runs.get(run.id).state == "succeeded", farm.log()
    history = json.loads((run.model_dir / "closer.json").read_text())["history"]
    assert [epoch["epoch"] for epoch in history] == [0, 1, 2, 3]
    assert len(farm.workspace.jobs.all(run=run.id, kind="evaluate")) == 2
    farm.whole()
