"""The server's supervisor: starts workers for queued jobs.

One a workspace; a second server only watches.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from lib.jobs.cluster_workers import ClusterWorkers
from lib.jobs.events import events_path
from lib.jobs.kinds import is_background
from lib.jobs.locks import kill_worker, supervisor_lock, try_lock, worker_lock
from lib.jobs.own_worker import own_worker, startable_jobs
from lib.jobs.start import start_worker
from lib.jobs.worker import release_dead
from lib.memory import available_memory
from lib.store.jobs import OPEN, WAITING
from lib.store.layout import WorkspacePaths
from lib.store.workspace import Workspace, open_workspace

TICK_SECONDS = 1.0
CANCEL_SECONDS = 30.0
CANCEL_AT_MOST_SECONDS = 300.0

ROOM_TO_WAIT = 4_000_000_000
"""Bytes of free memory from which on a worker is started ahead of its job: it holds about half a GB while it waits."""

_log = logging.getLogger("closer")


class Supervisor:
    """A thread that each second takes the supervisor lock, releases dead workers' jobs, starts workers.

    on_begin: called, from this thread, when work begins after there was none, whoever asked for it.
    """

    def __init__(self, home: Path, *, on_begin: Callable[[], object] = lambda: None) -> None:
        self._home, self._on_begin, self._busy = home, on_begin, False
        self._lock = supervisor_lock(home)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._cancelling: dict[int, PendingStop] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self._cluster_workers = ClusterWorkers()
        self._expects_work = False
        self.is_viewer = True
        self.trouble = ""

    def start(self) -> None:
        """Begin to supervise, as soon as no other server does."""
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)
        self._thread.start()

    def expect_work(self) -> None:
        """Have a worker ready soon: somebody fills in a form that starts work."""
        self._expects_work = True

    def stop(self) -> None:
        """Stop supervising; a worker that runs goes on."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        self._lock.release(force=True)

    def _loop(self) -> None:
        while not self._ended.wait(TICK_SECONDS):
            try:
                if self.is_viewer:
                    self._take_over()
                workspace = open_workspace(self._home)
                if not self.is_viewer:
                    self.tick(workspace)
                self._notify(workspace)
                self.trouble = ""
            except Exception as error:  # noqa: BLE001  whatever a tick met: were the thread to end, nothing would ever start again
                if self.trouble != str(error):
                    _log.error("The supervisor failed: %s", error)
                self.trouble = str(error)

    def _take_over(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return
        self.is_viewer = False

    def tick(self, workspace: Workspace) -> None:
        """Release dead workers' jobs, start workers for queued ones, kill what does not stop."""
        with try_lock(worker_lock(workspace.home)) as none_lives:
            if none_lives:
                release_dead(workspace)
        if none_lives:
            self._start_worker(workspace)
        self._cluster_workers.tick(workspace)
        make_way(workspace)
        self._kill_late(workspace)
        workspace.database.keep_reserve()
        workspace.database.backup()

    def _notify(self, workspace: Workspace) -> None:
        busy = any(job.run for job in workspace.jobs.all(states=OPEN))
        if busy and not self._busy:
            self._on_begin()
        self._busy = busy

    def _start_worker(self, workspace: Workspace) -> None:
        expects, self._expects_work = self._expects_work, False
        if self._child is not None and self._child.poll() is None:
            return  # it waits for work, or was started a moment ago and has not taken its lock yet
        waits = expects and available_memory() > ROOM_TO_WAIT
        if waits or startable_jobs(workspace):
            log = WorkspacePaths(self._home).log("worker")
            self._child = start_worker(workspace.home, log=log, waits=waits)

    def _kill_late(self, workspace: Workspace) -> None:
        """Kill a worker that was asked to stop and neither did nor shows any sign of life for half a minute."""
        pending, jobs = self._cancelling, workspace.jobs.all(states=("cancelling",))
        self._cancelling = {
            job.id: pending.get(job.id, PendingStop()).observe(events_path(workspace, job)) for job in jobs
        }
        late = [job for job in jobs if self._cancelling[job.id].is_late]
        for worker in {own_worker(workspace, job) for job in late}:
            kill_worker(workspace.home, worker)


@dataclass(frozen=True)
class PendingStop:
    """A job's request to stop: since when, since when its worker is silent, its event file's size then."""

    began: float | None = None
    silent: float = 0.0
    event_bytes: int = -1

    def observe(self, events: Path) -> PendingStop:
        """Compare with what the job's worker has written since."""
        present = time.monotonic()
        event_bytes = events.stat().st_size if events.exists() else 0
        began = present if self.began is None else self.began
        return PendingStop(began, present if event_bytes != self.event_bytes else self.silent, event_bytes)

    @property
    def is_late(self) -> bool:
        """Check whether the worker is to be killed.

        Saving the best so far of a large model takes time, but not for ever.
        """
        present = time.monotonic()
        began = present if self.began is None else self.began
        return present - self.silent > CANCEL_SECONDS or present - began > CANCEL_AT_MOST_SECONDS


def make_way(workspace: Workspace) -> None:
    """Cancel a background job when other work waits, of this machine or on its run.

    A person waits for that, and it needs the processor.
    """
    waiting = [job for job in workspace.jobs.all(states=WAITING) if not is_background(job.kind)]
    runs = {job.run for job in waiting}
    needs_machine = any(own_worker(workspace, job) is None for job in waiting)
    for job in workspace.jobs.all(states=("running",)):
        if is_background(job.kind) and (needs_machine or job.run in runs):
            workspace.jobs.cancel(job.id)
