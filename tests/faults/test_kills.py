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
from lib.store.runs import Run
from tests.faults.conftest import Farm, kill, weights

EPOCHS = 3
MOMENTS = 20


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, tiny_model):
    """Train once without any fault; give its weights, and how long each stage took to begin."""
    home = tmp_path_factory.mktemp("reference")
    farm = Farm(home, tiny_model)
    run = farm.add(epochs=EPOCHS)
    farm.finish()
    assert farm.workspace.runs.get(run.id).state == "succeeded", farm.log()
    events = read_events(run.events_path)[0]
    return weights(run), len(events)


def kill_at_event(farm: Farm, run: Run, count: int, extra: float) -> None:
    """Kill the worker a little after its run has that many events."""
    process = farm.start()
    farm.wait_for(lambda: process.poll() is not None or len(read_events(run.events_path)[0]) >= count)
    time.sleep(extra)
    if process.poll() is None:
        kill(process)


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_a_killed_worker_ends_in_the_same_bits(
    farm: Farm, reference: tuple[dict[str, bytes], int], moment: int
) -> None:
    expected, events = reference
    generator = random.Random(moment)
    run = farm.add(epochs=EPOCHS)
    # Evenly over the whole run, loading to publishing, each a random moment within its twentieth.
    count = int((moment + generator.random()) / MOMENTS * events)
    kill_at_event(farm, run, count, generator.random() * 0.05)
    farm.whole()
    farm.finish()
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "succeeded", farm.log()
    assert weights(run) == expected
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


def test_cancel_keeps_the_best_so_far(farm: Farm) -> None:
    run = farm.add(epochs=400, patience=0)
    process = farm.start()
    farm.wait_for(lambda: "measured:epoch-002" in farm.kinds(run))
    farm.workspace.jobs.cancel(run.job)
    process.wait(timeout=60)
    ended = farm.workspace.runs.get(run.id)
    assert ended.state == "cancelled"
    assert '"partial": true' in (run.model_dir / "closer.json").read_text()
    farm.whole()


def test_a_stopped_worker_is_seen_as_silent_and_can_be_killed(farm: Farm) -> None:
    from lib.jobs.events import fold
    from lib.jobs.locks import is_held, kill_worker, worker_lock

    run = farm.add(epochs=200, patience=0)
    process = farm.start()
    farm.wait_for(lambda: "measured:epoch-001" in farm.kinds(run))
    os.killpg(process.pid, signal.SIGSTOP)
    time.sleep(1.5)
    assert fold(read_events(run.events_path)[0]).seconds_silent > 1.0
    assert is_held(worker_lock(farm.home))  # stopped is not dead: nobody takes its job
    assert kill_worker(farm.home)
    process.wait(timeout=10)
    assert not is_held(worker_lock(farm.home))
    farm.whole()


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
