"""The process that works: `python -m lib.jobs.worker HOME`. It holds the worker lock and takes jobs until none is left."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from lib.jobs.attempt import Attempt
from lib.jobs.events import EventWriter
from lib.jobs.kinds import perform
from lib.jobs.locks import note_worker, try_lock, worker_lock
from lib.store.jobs import LIVE, WAITING, Job
from lib.store.workspace import Workspace, open_workspace


def work(home: Path) -> int:
    """Take jobs in order until the queue is empty; return at once when another worker lives."""
    workspace = open_workspace(home)
    with try_lock(worker_lock(workspace.home)) as mine:
        if not mine:
            return 0
        note_worker(workspace.home)
        release_dead(workspace)
        while (job := claim_next(workspace)) is not None:
            do(workspace, job)
    return 0


def release_dead(workspace: Workspace) -> None:
    """Give back what dead workers held. Only for the holder of the worker lock: while it holds it, no other worker lives."""
    for job in workspace.jobs.all(states=LIVE):
        workspace.jobs.interrupted(job)


def claim_next(workspace: Workspace) -> Job | None:
    """Claim the first job that waits, or return None when none is left."""
    while waiting := workspace.jobs.all(states=WAITING):
        if (job := workspace.jobs.claim(waiting[0].id)) is not None:
            return job
    return None


def do(workspace: Workspace, job: Job) -> str:
    """Do one claimed job and return the state it ended in; its output goes to the run's log."""
    run = workspace.runs.get(job.run)
    run.folder.mkdir(parents=True, exist_ok=True)
    progress = EventWriter(run.events_path, cancelled=lambda: must_stop(workspace, job))
    attempt = Attempt(workspace, job, progress)
    with attempt:
        attempt.follow_ups = perform(workspace, job, progress)
    return attempt.state


def must_stop(workspace: Workspace, job: Job) -> bool:
    """Say whether the user asked this job to stop, or a newer attempt has taken it over."""
    present = workspace.jobs.get(job.id)
    return present.state != "running" or present.token != job.token


def main() -> int:
    """Start a worker on the workspace that is named on the command line."""
    # A Ctrl-C in the server's terminal is not meant for the training: only Cancel is.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    home = Path(sys.argv[1])
    os.environ.setdefault("NUMBA_CACHE_DIR", str(home / "cache" / "numba"))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return work(home)


if __name__ == "__main__":
    raise SystemExit(main())
