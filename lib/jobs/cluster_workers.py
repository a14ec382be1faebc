"""The workers of trainings on clusters: one process each, several at a time."""

from __future__ import annotations

import subprocess

from lib.jobs.locks import try_lock, worker_lock
from lib.jobs.own_worker import cluster_jobs, startable_cluster_jobs
from lib.jobs.start import start_worker
from lib.jobs.worker import release_dead
from lib.settings import MAX_CLUSTER_TRAININGS
from lib.store.jobs import LIVE
from lib.store.layout import WorkspacePaths
from lib.store.workspace import Workspace


class ClusterWorkers:
    """What the supervisor does for them each second.

    Those that an earlier server has started are known by their jobs and locks alone.
    """

    def __init__(self) -> None:
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def tick(self, workspace: Workspace) -> None:
        """Release the jobs of those that died, and start as many as may run."""
        self._children = {job: child for job, child in self._children.items() if child.poll() is None}
        for job in cluster_jobs(workspace, states=LIVE):
            with try_lock(worker_lock(workspace.home, job.id)) as is_dead:
                if is_dead:
                    release_dead(workspace, job.id)
        log = WorkspacePaths(workspace.home).log("worker")
        for job in startable_cluster_jobs(workspace, started=self._children, limit=MAX_CLUSTER_TRAININGS):
            self._children[job.id] = start_worker(workspace.home, log=log, job=job.id)
