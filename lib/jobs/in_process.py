"""Train in this process, for a person who waits for it: a command, a notebook."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event as Flag
from typing import Protocol

from lib import settings
from lib.jobs import worker
from lib.jobs.events import Event
from lib.jobs.kinds import is_background
from lib.jobs.locks import note_worker, worker_lock
from lib.jobs.worker import release_dead
from lib.recipe.options import RAY_CLUSTER
from lib.recipe.recipe import Recipe
from lib.store.batches import batch_title, title_in_batch
from lib.store.datasets import Dataset
from lib.store.jobs import DONE, WAITING
from lib.store.workspace import Workspace

INTERRUPT_SECONDS = 0.2
"""Seconds between two checks for a Ctrl-C: a wait without an end does not hear it on Windows."""


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
    """Train, evaluate and map each base model with its recipe; several are one batch.

    As soon as no other worker of the workspace works. One run after another, but trainings on a cluster side by side. A run is created when its turn comes, so that a command that is killed
    leaves none that a server would start. follow: makes what shows the progress of a run, by its name. Returns their ids.
    """
    settings.share_compiled_code()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    batch = _Batch(workspace, dataset, planned, batch_title(name, planned), follow)
    with worker_lock(workspace.home):
        release_dead(workspace)
        note_worker(workspace.home)
        try:
            return batch.train_side_by_side() if trains_side_by_side(planned) else batch.train_in_turn()
        except BaseException:  # also Ctrl-C: whatever ended the command, no server may start its jobs later
            batch.cancel_waiting()
            raise


def trains_side_by_side(planned: Sequence[tuple[str, Recipe]]) -> bool:
    """Check whether the trainings run beside each other: several, all of them on a cluster."""
    return len(planned) > 1 and all(recipe.where == RAY_CLUSTER for _, recipe in planned)


@dataclass(frozen=True)
class _Batch:
    """The runs of one command. created: ids of those whose turn has come."""

    workspace: Workspace
    dataset: Dataset
    planned: Sequence[tuple[str, Recipe]]
    title: str
    follow: Callable[[str], Follower]
    created: list[str] = field(default_factory=list)
    is_interrupted: Flag = field(default_factory=Flag)

    def train_in_turn(self) -> list[str]:
        """Train, evaluate and map one run after another."""
        return [self._finish(self._train(model, recipe)) for model, recipe in self.planned]

    def train_side_by_side(self) -> list[str]:
        """Train in threads, which wait for the cluster; evaluate and map one run at a time."""
        with ThreadPoolExecutor(settings.MAX_CLUSTER_TRAININGS) as pool:
            try:
                trainings = [pool.submit(self._train, model, recipe) for model, recipe in self.planned]
                self._finish_all(trainings)
            except BaseException:
                self.is_interrupted.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return [training.result() for training in trainings]

    def _finish_all(self, trainings: Sequence[Future[str]]) -> None:
        """Finish each run as soon as its training has ended."""
        pending = set(trainings)
        while pending:
            done, pending = wait(pending, timeout=INTERRUPT_SECONDS, return_when=FIRST_COMPLETED)
            for training in done:
                self._finish(training.result())

    def _train(self, model: str, recipe: Recipe) -> str:
        """Create a run and train it; its id."""
        self._check()
        title = title_in_batch(self.dataset.name, model, recipe, self.planned)
        run = self.workspace.runs.create(
            dataset=self.dataset.id, model=model, recipe=recipe, batch=self.title, name=title, by_command=True
        )
        self.created.append(run.id)
        self._do(run.job)
        return run.id

    def _finish(self, run: str) -> str:
        """Do what follows a run's training; its id."""
        while waiting := [
            job for job in self.workspace.jobs.all(states=WAITING, run=run) if not is_background(job.kind)
        ]:
            self._do(waiting[0].id)
        return run

    def _do(self, identity: int) -> None:
        """Do one job as a worker does, and show its progress.

        An error that nobody foresaw is the run's: it has failed with a line, its log has the traceback, the others go on.
        """
        job = self.workspace.jobs.claim(identity)
        if job is None:
            return
        follower = self.follow(self.workspace.runs.get(job.run).name)
        try:
            worker.run_job(self.workspace, job, echo=follower, check=self._check)
        except Exception:  # of any library; the worker has recorded it as the run's own
            if self.workspace.jobs.get(job.id).state not in DONE:  # it could not even be recorded
                raise
        finally:
            follower.close()

    def _check(self) -> None:
        """Raise in a thread the KeyboardInterrupt that only the main thread gets."""
        if self.is_interrupted.is_set():
            raise KeyboardInterrupt

    def cancel_waiting(self) -> None:
        """Cancel the jobs of the runs that have not begun."""
        for run in self.created:
            for job in self.workspace.jobs.all(states=WAITING, run=run):
                self.workspace.jobs.cancel(job.id)
