"""The worker process, `python -m lib.jobs.worker HOME`.

It holds the worker lock and takes jobs until none is left. With `--wait` it is started ahead of the first one: it imports what
a training needs, which takes seconds, and waits for jobs. With `--job ID` it takes this job alone, under a lock of its own.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from lib import settings
from lib.errors import CloserError
from lib.jobs.attempt import Attempt
from lib.jobs.events import Event, EventWriter, events_path
from lib.jobs.kinds import is_background, perform
from lib.jobs.locks import load_failure, memory_ran_out, note_worker, try_lock, worker_lock
from lib.jobs.own_worker import live_jobs, startable_jobs
from lib.memory import resident_memory
from lib.process import ignore_interrupts, is_child_of, open_to_append, parent_process
from lib.store.jobs import Job
from lib.store.layout import WorkspacePaths
from lib.store.regular_file import must_hold_no_links
from lib.store.workspace import Workspace, open_workspace

WAIT_OPTION = "--wait"

JOB_OPTION = "--job"

KILLED_FOR_MEMORY = (
    "The operating system killed the worker because memory ran out. Lower the batch size or the max length, or close other programs; "
    "then try again: it continues from the newest checkpoint."
)


PREPARED = "lib.training.run"
"""What a waiting worker imports: most of a training's seconds before its first step."""

WAIT_SECONDS = 600.0
"""Without a job for so long, a waiting worker ends."""

QUEUE_POLL_SECONDS = 0.5
"""Between two looks at the queue."""

MOST_WAITING_BYTES = 1_000_000_000
"""A worker that holds more, because it has trained, does not wait for another job."""


def wait_for_work(home: Path, *, seconds: float = WAIT_SECONDS) -> int:
    """Take jobs as they come; import what a training needs while there is none.

    Ends when none came for so long, when the server that started it is gone, or when a job left too much memory behind.
    """
    parent, workspace, until = parent_process(), open_workspace(home), time.monotonic() + seconds
    while is_child_of(parent) and time.monotonic() < until and resident_memory() < MOST_WAITING_BYTES:
        if startable_jobs(workspace):
            work(home, own_log=True)
            until = time.monotonic() + seconds
        import_module(PREPARED)
        time.sleep(QUEUE_POLL_SECONDS)
    return 0


def work(home: Path, *, own_log: bool = False) -> int:
    """Take jobs in order until the queue is empty; return at once when another worker lives.

    own_log: what this process prints goes to the log of the run that it works on.
    """
    workspace = open_workspace(home)
    with try_lock(worker_lock(workspace.home)) as mine:
        if not mine:
            return 0
        release_dead(workspace)
        note_worker(workspace.home)
        while (job := claim_next(workspace)) is not None:
            if own_log:
                write_output_to(log_path(workspace, job))
            run_job(workspace, job)
    return 0


def work_on(home: Path, identity: int) -> int:
    """Do the one job that has this worker to itself; return at once when another is at it."""
    workspace = open_workspace(home)
    with try_lock(worker_lock(workspace.home, identity)) as mine:
        if not mine:
            return 0
        release_dead(workspace, identity)
        note_worker(workspace.home, identity)
        if (job := workspace.jobs.claim(identity)) is not None:
            write_output_to(log_path(workspace, job))
            run_job(workspace, job)
        WorkspacePaths(workspace.home).worker_note_of(identity).unlink(missing_ok=True)
    return 0


def release_dead(workspace: Workspace, worker: int | None = None) -> None:
    """Release the jobs of a dead worker.

    Only for the holder of its lock: no other that would do them lives then. worker: see `own_worker`.
    """
    live = live_jobs(workspace, worker)
    if not live:
        return
    home = workspace.home
    fatal = KILLED_FOR_MEMORY if memory_ran_out(home, worker) else load_failure(home, worker)
    for job in live:
        workspace.jobs.record_interruption(job, fatal=fatal)


def claim_next(workspace: Workspace) -> Job | None:
    """Claim the first job that may start, one in the background last; None when none is left."""
    while waiting := startable_jobs(workspace):
        first = min(waiting, key=lambda job: is_background(job.kind))  # of equals the first in the queue
        if (job := workspace.jobs.claim(first.id)) is not None:
            return job
    return None


def run_job(
    workspace: Workspace,
    job: Job,
    *,
    echo: Callable[[Event], None] | None = None,
    check: Callable[[], None] = lambda: None,
) -> str:
    """Run one claimed job and give the state it ended in.

    echo: is given each event too. check: called whenever the job asks whether it must stop; what it raises ends the job.
    """

    def must_end() -> bool:
        check()
        return must_stop(workspace, job)

    try:
        events = events_path(workspace, job)
        if job.run:
            must_hold_no_links(events.parent)
    except CloserError as error:  # its run was removed for good since it was claimed, or is not to be written to
        workspace.jobs.finish(job, "failed", str(error), error=error)
        return "failed"
    progress = EventWriter(events, cancelled=must_end, echo=echo)
    attempt = Attempt(workspace, job, progress)
    with attempt:
        attempt.follow_ups = perform(workspace, job, progress)
    if not job.run and attempt.state != "failed":
        events.unlink(missing_ok=True)
    return attempt.state


def log_path(workspace: Workspace, job: Job) -> Path:
    """Build the path of the log that gets a job's output: its run's, or the worker's own."""
    with suppress(CloserError):
        if job.run:
            return workspace.runs.get(job.run).paths.log
    return WorkspacePaths(workspace.home).log("worker")


def write_output_to(path: Path) -> None:
    """Redirect this process's output, a crash of native code too, to the log of its present run."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = open_to_append(path)
        for output in (1, 2):
            os.dup2(handle, output)
        os.close(handle)


def must_stop(workspace: Workspace, job: Job) -> bool:
    """Whether the user asked this job to stop, or a newer attempt has taken it over."""
    present = workspace.jobs.get(job.id)
    return present.state != "running" or present.token != job.token


def main() -> int:
    """Start a worker on the workspace that is named on the command line."""
    ignore_interrupts()  # a Ctrl-C in the server's terminal does not stop the training: only Cancel does
    home = Path(sys.argv[1])
    settings.share_compiled_code()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    options = sys.argv[2:]
    if JOB_OPTION in options:
        return work_on(home, int(options[options.index(JOB_OPTION) + 1]))
    return wait_for_work(home) if WAIT_OPTION in options else work(home, own_log=True)


if __name__ == "__main__":
    raise SystemExit(main())
