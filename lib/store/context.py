"""What the work of a job gets: the workspace, the job, what it is about, and where to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lib.progress import Progress
from lib.store.datasets import Dataset
from lib.store.jobs import Job
from lib.store.runs import Run
from lib.store.workspace import Workspace


@dataclass(frozen=True)
class JobContext:
    """The open workspace, the job, its run, the run's dataset, and where to report."""

    workspace: Workspace
    job: Job
    run: Run
    dataset: Dataset
    progress: Progress

    @property
    def payload(self) -> dict[str, Any]:
        """The job's own settings."""
        return self.job.payload
