"""Seeds of one press train side by side on a cluster; cancelling one makes room for what waits, and leaves the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lib.jobs.cluster_workers import ClusterWorkers
from lib.jobs.events import PlacesEvent, read_events
from lib.jobs.locks import is_held, kill_worker, worker_lock
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run
from tests.ray_cluster import LocalCluster

PATIENCE = 420.0
"""Seconds that a training on a busy machine is waited for to begin or to end."""


@pytest.fixture
def seeds(cluster: LocalCluster, home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Run]]:
    """Queue three seeds of a training that lasts; the cluster has room for two."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    workspace = open_workspace(home)
    dataset = add_dataset(workspace)
    place = {"where": "ray", "address": cluster.address, "processes": 1, "threads": 1}
    runs = [
        add_run(workspace, dataset, tiny_model, seed=seed, epochs=500, patience=0, batch_size=2, **place)
        for seed in range(3)
    ]
    yield runs
    for run in runs:
        kill_worker(home, run.job)


def trains(run: Run) -> bool:
    """Check whether a process on the cluster has reported where it is."""
    return any(isinstance(event, PlacesEvent) for event in read_events(run.paths.events)[0])


def wait_for(condition: Callable[[], bool], workspace: Workspace, workers: ClusterWorkers, runs: list[Run]) -> None:
    """Tick as a supervisor does until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        logs = [run.paths.log.read_text(encoding="utf-8") for run in runs if run.paths.log.exists()]
        assert time.monotonic() < deadline, "\n".join(logs)
        workers.tick(workspace)
        time.sleep(0.2)


def test_seeds_train_side_by_side_and_stop_one_by_one(home: Path, seeds: list[Run]) -> None:
    workspace, workers = open_workspace(home), ClusterWorkers()
    wait_for(lambda: sum(trains(run) for run in seeds) == 2, workspace, workers, seeds)
    assert [workspace.runs.get(run.id).state for run in seeds] == ["running"] * 3
    (waiting,) = [run for run in seeds if not trains(run)]  # in Ray's own queue
    first, second = [run for run in seeds if trains(run)]
    workspace.jobs.cancel(first.job)
    restarted = ClusterWorkers()  # of another server, which has started none of them
    wait_for(lambda: trains(waiting) and not is_held(worker_lock(home, first.job)), workspace, restarted, seeds)
    assert workspace.runs.get(first.id).state == "cancelled"
    assert [workspace.runs.get(run.id).state for run in (second, waiting)] == ["running"] * 2
    assert [workspace.jobs.get(run.job).attempts for run in seeds] == [1] * 3
    for run in (second, waiting):
        workspace.jobs.cancel(run.job)
    wait_for(lambda: not any(is_held(worker_lock(home, run.job)) for run in seeds), workspace, restarted, seeds)
    assert [workspace.runs.get(run.id).state for run in seeds] == ["cancelled"] * 3
