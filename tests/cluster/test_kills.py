"""A rank, the driver, and the server with its worker are killed one after another: the run ends in the same bits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from safetensors.numpy import load_file

from lib.cluster.request import TrainingRequest
from lib.jobs.events import EndEvent, Event, LossEvent, ResumedEvent, read_events
from lib.jobs.locks import is_held, kill_worker, worker_lock
from lib.recipe.recipe import Recipe
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run
from tests.faults.test_servers import ROOT, SERVER
from tests.ray_cluster import LocalCluster
from tests.unit.cluster.test_torchrun import is_same, weights

PATIENCE = 900.0
"""Seconds that a training on a busy machine is waited for."""


@contextmanager
def supervisor(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run what a server starts, a supervisor in a process of its own; kill it at the end."""
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(home)],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def run(home: Path, tiny_model: Path, on_ray: Recipe) -> Iterator[Run]:
    """Queue a training on the cluster; nothing of it stays at the end."""
    workspace = open_workspace(home)
    queued = add_run(workspace, add_dataset(workspace), tiny_model, recipe=on_ray)
    yield queued
    for job in (queued.job, None):
        kill_worker(home, job)


def events(run: Run) -> list[Event]:
    return read_events(run.paths.events)[0]


def resumptions(run: Run) -> list[ResumedEvent]:
    return [event for event in events(run) if isinstance(event, ResumedEvent)]


def trains_again(run: Run, times: int) -> bool:
    """Check whether the training was taken up so many times, and has made a step since."""
    if len(resumed := resumptions(run)) < times:
        return False
    read = events(run)
    return any(isinstance(event, LossEvent) for event in read[read.index(resumed[-1]) :])


def wait_for(condition: Callable[[], bool], run: Run) -> None:
    """Wait until it holds; fail with the logs when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, [run.paths.log.read_text(errors="replace")[-3000:], events(run)[-5:]]
        time.sleep(0.05)


def find_process(mark: str, is_it: Callable[[psutil.Process], bool]) -> psutil.Process:
    """Find the process with these words in its command line."""
    there = [one for one in psutil.process_iter(["cmdline"]) if mark in " ".join(one.info["cmdline"] or [])]
    return next(one for one in there if is_it(one))


@pytest.mark.timeout(1800)
def test_kills_of_a_rank_the_driver_and_the_server_cost_no_bit(
    whole: TrainingRequest, cluster: LocalCluster, run: Run, home: Path
) -> None:
    """Which epoch a kill falls into is open; the weights are not."""
    workspace, folder = open_workspace(home), str(cluster.folder)
    with supervisor(home):
        wait_for(lambda: any(isinstance(event, LossEvent) and event.step >= 8 for event in events(run)), run)
        find_process("RayTrainWorker", lambda one: one.environ().get("RAY_TMPDIR") == folder).kill()
        wait_for(lambda: trains_again(run, 1), run)
        assert workspace.jobs.get(run.job).attempts == 1  # Ray itself starts the processes again
        find_process("lib.cluster.ray_driver", lambda one: str(run.folder) in " ".join(one.cmdline())).kill()
        wait_for(lambda: trains_again(run, 2), run)
    assert is_held(worker_lock(home, run.job))  # without a server the training goes on
    assert kill_worker(home, run.job)
    assert workspace.jobs.get(run.job).state == "running"
    with supervisor(home):
        wait_for(lambda: not workspace.runs.get(run.id).is_open, run)
    ended = workspace.jobs.get(run.job)
    assert (ended.state, ended.attempts) == ("succeeded", 3)
    ends = [event.state for event in events(run) if isinstance(event, EndEvent) and event.job == "train"]
    assert ends == ["interrupted", "succeeded"]
    steps = [event.step for event in resumptions(run)]
    assert len(steps) == 3
    assert 0 < steps[0] <= steps[1] <= steps[2]
    assert all(float(event.epoch).is_integer() for event in resumptions(run))  # from a checkpoint after an epoch
    assert is_same(load_file(run.model_dir / "model.safetensors"), weights(Path(whole.home)))
