"""What the work of a job gets: the workspace, the job, what it is about, and where to report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lib.errors import NotFoundError
from lib.progress import Progress
from lib.store.datasets import Dataset
from lib.store.jobs import Job
from lib.store.runs import Run
from lib.store.workspace import Workspace


@dataclass(frozen=True)
class JobContext:
    """A job's workspace, record, dataset, progress, and run where it belongs to one."""

    workspace: Workspace
    job: Job
    dataset: Dataset
    progress: Progress
    run_or_none: Run | None = None

    @property
    def run(self) -> Run:
        """The job's run. Raises NotFoundError for a job on a dataset alone."""
        if self.run_or_none is None:
            raise NotFoundError(f"Job {self.job.id} ({self.job.kind}) belongs to no run.")
        return self.run_or_none

    @property
    def payload(self) -> dict[str, Any]:
        """The job's own settings."""
        return self.job.payload
