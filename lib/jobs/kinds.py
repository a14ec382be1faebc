"""What each kind of job does. Heavy imports happen inside: the queue and the pages read this module too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from lib.errors import InputError, NotFoundError
from lib.progress import Progress
from lib.store.datasets import Dataset
from lib.store.jobs import Job
from lib.store.runs import Run
from lib.store.workspace import Workspace


@dataclass(frozen=True)
class Task:
    """What a kind of job gets: the open workspace, the job, its run, the run's dataset, and where to report."""

    workspace: Workspace
    job: Job
    run: Run
    dataset: Dataset
    progress: Progress

    @property
    def payload(self) -> dict[str, Any]:
        """Return the job's own settings."""
        return self.job.payload


Kind = Callable[[Task], tuple[str, ...]]
"""Does the work and returns the kinds of job that should follow."""

KINDS: dict[str, str] = {
    "train": "lib.jobs.pipeline:train",
    "evaluate": "lib.jobs.pipeline:evaluate",
    "project": "lib.jobs.pipeline:project",
    "placebo": "lib.experiments.control:placebo",
    "learning_curve": "lib.experiments.control:learning_curve",
    "blend": "lib.experiments.interpolation:blend",
}
"""Kind of job -> module:function; other rooms add theirs here."""


def perform(workspace: Workspace, job: Job, progress: Progress) -> tuple[str, ...]:
    """Do a claimed job and return the kinds that should follow. Raises what the work raises."""
    if job.kind not in KINDS:
        raise InputError(f"There is no work of the kind {job.kind}.")
    run = workspace.runs.get(job.run)
    dataset = workspace.datasets.get(run.dataset)
    if dataset.deleted is not None:
        raise NotFoundError(
            f"The dataset {dataset.name} was deleted while this waited.",
            todo="Restore it on the Upload page, then press Try again.",
        )
    module, function = KINDS[job.kind].split(":")
    return getattr(import_module(module), function)(Task(workspace, job, run, dataset, progress))
