"""Trainings on clusters run beside each other and beside one local job; local jobs stay one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lib.jobs import cluster_workers as room
from lib.jobs import worker
from lib.jobs.cluster_workers import ClusterWorkers
from lib.jobs.locks import worker_lock
from lib.jobs.own_worker import own_worker, startable_cluster_jobs, startable_jobs
from lib.jobs.supervisor import make_way
from lib.jobs.worker import claim_next, release_dead, work_on
from lib.store.datasets import Dataset
from lib.store.jobs import Job
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tests.builders import FAST, add_dataset, add_run

ON_RAY = {"where": "ray", "address": "127.0.0.1:6379"}


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return open_workspace(home)


@pytest.fixture
def dataset(workspace: Workspace) -> Dataset:
    return add_dataset(workspace)


@pytest.fixture
def on_ray(workspace: Workspace, dataset: Dataset) -> Callable[[int], list[Run]]:
    """Make a function that queues so many trainings on a cluster."""

    def add(count: int) -> list[Run]:
        return [add_run(workspace, dataset, "a/b", seed=seed, **ON_RAY) for seed in range(count)]

    return add


class Child:
    """A worker that runs until it is told otherwise."""

    def __init__(self) -> None:
        self.code: int | None = None

    def poll(self) -> int | None:
        return self.code


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> dict[int, Child]:
    """Collect the workers that would be started, by job."""
    started: dict[int, Child] = {}

    def start(home: Path, *, log: Path, job: int) -> Child:
        started[job] = Child()
        return started[job]

    monkeypatch.setattr(room, "start_worker", start)
    monkeypatch.setattr(room, "MAX_CLUSTER_TRAININGS", 2)
    return started


def ids(jobs: list[Job]) -> list[int]:
    return [job.id for job in jobs]


def test_the_worker_of_this_machine_leaves_a_clusters_trainings_out(
    workspace: Workspace, dataset: Dataset, on_ray: Callable[[int], list[Run]]
) -> None:
    (remote,) = on_ray(1)
    here = add_run(workspace, dataset, "a/b")
    assert own_worker(workspace, workspace.jobs.get(remote.job)) == remote.job
    assert own_worker(workspace, workspace.jobs.get(here.job)) is None
    assert ids(startable_jobs(workspace)) == [here.job]
    claimed = claim_next(workspace)
    assert claimed is not None
    assert claimed.id == here.job
    assert claim_next(workspace) is None
    assert ids(startable_cluster_jobs(workspace, started=(), limit=9)) == [remote.job]


def test_so_many_run_beside_each_other(
    workspace: Workspace, on_ray: Callable[[int], list[Run]], children: dict[int, Child]
) -> None:
    first, second, third = (run.job for run in on_ray(3))
    workers = ClusterWorkers()
    workers.tick(workspace)
    workers.tick(workspace)  # neither has claimed its job yet
    assert list(children) == [first, second]
    claimed = workspace.jobs.claim(first)
    assert claimed is not None
    with worker_lock(workspace.home, first):
        workers.tick(workspace)
        assert list(children) == [first, second]
        workspace.jobs.finish(claimed, "succeeded", follow_ups=("evaluate",))
    workers.tick(workspace)
    assert third not in children  # the first has not ended yet
    children[first].code = 0
    workers.tick(workspace)
    assert list(children) == [first, second, third]
    assert [job.kind for job in startable_jobs(workspace)] == ["evaluate"]  # on this machine


def test_another_server_knows_them_by_their_locks(
    workspace: Workspace, on_ray: Callable[[int], list[Run]], children: dict[int, Child]
) -> None:
    alive, dead, waiting = (run.job for run in on_ray(3))
    for job in (alive, dead):
        assert workspace.jobs.claim(job)
    with worker_lock(workspace.home, alive):
        release_dead(workspace)  # the jobs of the worker of this machine only
        assert workspace.jobs.get(dead).state == "running"
        ClusterWorkers().tick(workspace)
        assert workspace.jobs.get(alive).state == "running"
        assert list(children) == [dead]  # it goes on, and is the second
    assert workspace.jobs.get(waiting).state == "queued"


def test_cancelling_one_leaves_the_others(
    workspace: Workspace, on_ray: Callable[[int], list[Run]], children: dict[int, Child]
) -> None:
    first, second = (run.job for run in on_ray(2))
    for job in (first, second):
        assert workspace.jobs.claim(job)
    workspace.jobs.cancel(first)
    ClusterWorkers().tick(workspace)  # none lives
    assert [workspace.jobs.get(job).state for job in (first, second)] == ["cancelled", "queued"]


def test_what_waits_for_a_cluster_stops_no_background_job(
    workspace: Workspace, dataset: Dataset, on_ray: Callable[[int], list[Run]]
) -> None:
    estimate = workspace.jobs.submit_on_dataset("estimate", dataset=dataset.id, key="a")
    assert workspace.jobs.claim(estimate.id)
    on_ray(1)
    make_way(workspace)
    assert workspace.jobs.get(estimate.id).state == "running"


def test_a_background_job_makes_way_for_its_own_run(workspace: Workspace, on_ray: Callable[[int], list[Run]]) -> None:
    (run,) = on_ray(1)
    plain = workspace.jobs.submit("project_plain", run=run.id)
    assert workspace.jobs.claim(plain.id)
    make_way(workspace)
    assert workspace.jobs.get(plain.id).state == "cancelling"


def test_two_jobs_of_one_run_wait_for_each_other(workspace: Workspace, on_ray: Callable[[int], list[Run]]) -> None:
    (run,) = on_ray(1)
    curve = workspace.jobs.submit("learning_curve", run=run.id)
    assert workspace.jobs.claim(run.job)
    assert startable_jobs(workspace) == []
    assert workspace.jobs.claim(curve.id) is None
    assert claim_next(workspace) is None


def test_a_command_trains_on_the_cluster_in_its_own_process(workspace: Workspace, dataset: Dataset) -> None:
    recipe = replace(FAST, **ON_RAY)
    run = workspace.runs.create(dataset=dataset.id, model="a/b", recipe=recipe, by_command=True)
    assert own_worker(workspace, workspace.jobs.get(run.job)) is None


def test_a_worker_of_one_job_takes_no_other(
    workspace: Workspace, on_ray: Callable[[int], list[Run]], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    monkeypatch.setattr(worker, "run_job", lambda workspace, job: taken.append(job.id))
    monkeypatch.setattr(worker, "write_output_to", lambda path: None)
    first, second = (run.job for run in on_ray(2))
    with worker_lock(workspace.home, first):
        work_on(workspace.home, first)
        assert taken == []
        work_on(workspace.home, second)
    assert taken == [second]
