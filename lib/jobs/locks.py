"""Kernel locks that say who lives: a lock dies with its process, whatever killed it; pids and clocks lie."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


def worker_lock(home: Path) -> FileLock:
    """Return the lock that the one worker of a workspace holds while it lives."""
    return _lock(home, "worker.lock")


def supervisor_lock(home: Path) -> FileLock:
    """Return the lock that the one supervisor of a workspace holds while its server lives."""
    return _lock(home, "supervisor.lock")


def is_held(lock: FileLock) -> bool:
    """Say whether another process holds the lock right now."""
    with try_lock(lock) as got:
        return not got


@contextmanager
def try_lock(lock: FileLock) -> Iterator[bool]:
    """Take the lock if it is free and say whether it was; release it at the end."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def note_worker(home: Path) -> None:
    """Write which process group works, so that a stuck one can be stopped; who lives is said by the lock alone."""
    (home / "locks" / "worker.json").write_text(json.dumps({"group": os.getpgid(0)}), encoding="utf-8")


def kill_worker(home: Path) -> bool:
    """Kill the living worker's process group; return False when none lives."""
    if not is_held(worker_lock(home)):
        return False
    try:
        group = int(json.loads((home / "locks" / "worker.json").read_text(encoding="utf-8"))["group"])
        os.killpg(group, signal.SIGKILL)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _lock(home: Path, name: str) -> FileLock:
    folder = home / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / name, thread_local=False)
