"""Which jobs have a worker of their own: trainings on a cluster, which hardly use this machine.

They run beside each other and beside the one worker that takes all other jobs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lib.errors import CloserError
from lib.recipe.options import RAY_CLUSTER
from lib.store.jobs import COMMAND, LIVE, WAITING, Job
from lib.store.workspace import Workspace


def own_worker(workspace: Workspace, job: Job) -> int | None:
    """Name the worker of a job: the job's id where it has one of its own, else None.

    None is the one worker of this machine. A command trains in its own process, as the one worker does. A run that cannot be read fails there, with its reason.
    """
    if job.kind != "train" or job.payload.get(COMMAND):
        return None
    try:
        where = workspace.runs.get(job.run).recipe.where
    except CloserError:
        return None
    return job.id if where == RAY_CLUSTER else None


def startable_jobs(workspace: Workspace) -> list[Job]:
    """List the jobs that the one worker of this machine may take now, in queue order."""
    busy = _busy_runs(workspace)
    waiting = workspace.jobs.all(states=WAITING)
    return [job for job in waiting if job.run not in busy and own_worker(workspace, job) is None]


def startable_cluster_jobs(workspace: Workspace, *, started: Collection[int], limit: int) -> list[Job]:
    """List the trainings on a cluster that may start now, in queue order.

    started: ids of jobs whose workers were started from here and have not ended. limit: most workers at a time.
    """
    live = {job.id for job in cluster_jobs(workspace, states=LIVE)}
    busy = _busy_runs(workspace)
    waiting = cluster_jobs(workspace, states=WAITING)
    free = [job for job in waiting if job.id not in started and job.run not in busy]
    return free[: max(0, limit - len(live | set(started)))]


def cluster_jobs(workspace: Workspace, *, states: tuple[str, ...]) -> list[Job]:
    """List the jobs of these states that have a worker of their own, in queue order."""
    return [job for job in workspace.jobs.all(states=states, kind="train") if own_worker(workspace, job) is not None]


def live_jobs(workspace: Workspace, worker: int | None) -> Sequence[Job]:
    """List the jobs that this worker is at, or was when it died."""
    return [job for job in workspace.jobs.all(states=LIVE) if own_worker(workspace, job) == worker]


def _busy_runs(workspace: Workspace) -> set[str]:
    """Collect the runs that a worker is at: two never write to one folder."""
    return {job.run for job in workspace.jobs.all(states=LIVE) if job.run}
