"""The part of the server that sees to it that waiting jobs have a worker. One a workspace; a second server only watches."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from filelock import Timeout

from lib.errors import StoreError
from lib.jobs.locks import kill_worker, supervisor_lock, try_lock, worker_lock
from lib.jobs.worker import release_dead
from lib.store.jobs import WAITING
from lib.store.workspace import Workspace, open_workspace

TICK_SECONDS = 1.0
CANCEL_SECONDS = 30.0
ROOT = Path(__file__).resolve().parent.parent.parent


class Supervisor:
    """A thread that wakes every second: takes the supervisor lock, gives back dead workers' jobs, starts a worker."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._lock = supervisor_lock(home)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._cancelling: dict[int, float] = {}
        self._child: subprocess.Popen[bytes] | None = None
        self.is_viewer = True

    def start(self) -> None:
        """Begin to supervise, as soon as no other server does."""
        self._thread = threading.Thread(target=self._loop, name="supervisor", daemon=True)
        self._thread.start()

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
                if not self.is_viewer:
                    self.tick(open_workspace(self._home))
            except StoreError as error:  # the pages show it; the next tick tries again
                print(error, file=sys.stderr)  # noqa: T201

    def _take_over(self) -> None:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return
        self.is_viewer = False

    def tick(self, workspace: Workspace) -> None:
        """Look once: give back dead workers' jobs, start a worker for waiting ones, kill what does not stop."""
        with try_lock(worker_lock(workspace.home)) as none_lives:
            if none_lives:
                release_dead(workspace)
        if none_lives and workspace.jobs.all(states=WAITING):
            self._start_worker(workspace)
        self._kill_late(workspace)
        workspace.database.backup()

    def _start_worker(self, workspace: Workspace) -> None:
        if self._child is not None and self._child.poll() is None:
            return  # it was started a moment ago and has not taken its lock yet
        waiting = workspace.jobs.all(states=WAITING)[0]
        folder = workspace.runs.get(waiting.run).folder
        folder.mkdir(parents=True, exist_ok=True)
        self._child = start_worker(workspace.home, log=folder / "log.txt")

    def _kill_late(self, workspace: Workspace) -> None:
        late = {job.id for job in workspace.jobs.all(states=("cancelling",))}
        self._cancelling = {job: self._cancelling.get(job, time.monotonic()) for job in late}
        if any(time.monotonic() - began > CANCEL_SECONDS for began in self._cancelling.values()):
            kill_worker(workspace.home)


def start_worker(home: Path, *, log: Path) -> subprocess.Popen[bytes]:
    """Start a detached worker: its own session, so that it outlives the page, the server and Ctrl-C."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "lib.jobs.worker", str(home)],
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
