"""Train in this process, for a person who waits for it: a command, a notebook."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol

from lib import settings
from lib.jobs import worker
from lib.jobs.events import Event
from lib.jobs.kinds import is_background
from lib.jobs.locks import note_worker, worker_lock
from lib.jobs.worker import release_dead
from lib.recipe.recipe import Recipe
from lib.store.batches import batch_title, title_with_seed
from lib.store.datasets import Dataset
from lib.store.jobs import DONE, WAITING, Job
from lib.store.workspace import Workspace


class Follower(Protocol):
    """What shows the progress of a job: it is given each event, and closed at the end."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""

    def close(self) -> None:
        """End what is shown."""


def train_runs(
    workspace: Workspace,
    dataset: Dataset,
    planned: Sequence[tuple[str, Recipe]],
    *,
    name: str,
    follow: Callable[[str], Follower],
) -> list[str]:
    """Train, evaluate and map each base model with its recipe in this process; several are one batch.

    As soon as no other worker of the workspace works. A run is created when its turn comes, so that a command that is killed
    leaves none that a server would start. follow: makes what shows the progress of a run, by its name. Returns their ids.
    """
    settings.share_compiled_code()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    batch = batch_title(name, planned)
    runs = []
    with worker_lock(workspace.home):
        release_dead(workspace)
        note_worker(workspace.home)
        for model, recipe in planned:
            title = title_with_seed(dataset.name, model, recipe, planned)
            run = workspace.runs.create(
                dataset=dataset.id, model=model, recipe=recipe, batch=batch, name=title, by_command=True
            )
            runs.append(run.id)
            _run_jobs(workspace, run.id, follow)
    return runs


def _run_jobs(workspace: Workspace, run: str, follow: Callable[[str], Follower]) -> None:
    """Do the jobs of a run; what waits of them when this process is interrupted is cancelled."""
    try:
        while waiting := [job for job in workspace.jobs.all(states=WAITING, run=run) if not is_background(job.kind)]:
            claimed = workspace.jobs.claim(waiting[0].id)
            if claimed is not None:
                _run_job(workspace, claimed, follow)
    except BaseException:  # also Ctrl-C: whatever ended the command, no server may start its jobs later
        for job in workspace.jobs.all(states=WAITING, run=run):
            workspace.jobs.cancel(job.id)
        raise


def _run_job(workspace: Workspace, job: Job, follow: Callable[[str], Follower]) -> None:
    """Do one job as a worker does, and show its progress.

    An error that nobody foresaw is the run's: it has failed with a line, its log has the traceback, the others go on.
    """
    follower = follow(workspace.runs.get(job.run).name)
    try:
        worker.run_job(workspace, job, echo=follower)
    except Exception:  # of any library; the worker has recorded it as the run's own
        if workspace.jobs.get(job.id).state not in DONE:  # it could not even be recorded
            raise
    finally:
        follower.close()
