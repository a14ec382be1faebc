"""Kernel locks that show who lives: a lock dies with its process, whatever killed it.

Pids and clocks lie.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from lib.memory import out_of_memory_kills
from lib.process import is_same_process, kill_tree, start_time
from lib.store.layout import WorkspacePaths
from lib.store.permission import must_be_editor
from lib.typed_json import JsonError, read_stored, typed


def worker_lock(home: Path, job: int | None = None) -> FileLock:
    """Make the lock that a worker holds while it lives.

    job: of the worker that one job has to itself; None for the one that takes all others.
    """
    return _lock(home, "worker.lock" if job is None else f"worker-{job}.lock")


def supervisor_lock(home: Path) -> FileLock:
    """Make the lock that the one supervisor of a workspace holds while its server lives."""
    return _lock(home, "supervisor.lock")


def is_held(lock: FileLock) -> bool:
    """Whether another process holds the lock right now."""
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


@dataclass(frozen=True)
class _WorkerNote:
    """Which process works, when it started (seconds), and the kills for want of memory before it."""

    pid: int
    started: float
    out_of_memory_kills: int | None = None


@dataclass(frozen=True)
class _LoadFailure:
    """Why a process ended while it loaded a model; `lib.models.loader` writes it."""

    pid: int
    started: float
    reason: str


def note_worker(home: Path, job: int | None = None) -> None:
    """Write which process works, so that a stuck one can be stopped; who lives is said by the lock alone."""
    pid = os.getpid()
    facts = {"pid": pid, "started": start_time(pid), "out_of_memory_kills": out_of_memory_kills()}
    with suppress(OSError):  # a full disk: the work itself will say so
        WorkspacePaths(home).worker_note_of(job).write_text(json.dumps(facts), encoding="utf-8")


def kill_worker(home: Path, job: int | None = None) -> bool:
    """Kill the living worker and what it has started, never what started it; return False when none lives.

    Raises NotAllowedError for one who may only look.
    """
    must_be_editor()
    if not is_held(worker_lock(home, job)):
        return False
    try:
        note = _read_note(home, job)
    except (OSError, JsonError):
        return False
    pid, started = note.pid, note.started
    if not is_same_process(pid, started):
        return False
    kill_tree(pid)
    return True


def memory_ran_out(home: Path, job: int | None = None) -> bool:
    """Whether the system has killed a process for want of memory since the last worker began."""
    try:
        before = _read_note(home, job).out_of_memory_kills
    except (OSError, JsonError):
        return False
    present = out_of_memory_kills()
    return present is not None and before is not None and present > before


def load_failure(home: Path, job: int | None = None) -> str:
    """Read why the last worker ended while it loaded a model; empty where it ended otherwise."""
    try:
        failure: _LoadFailure = typed(_LoadFailure, read_stored(WorkspacePaths(home).load_failure))
        worker = _read_note(home, job)
    except (OSError, JsonError):
        return ""
    return failure.reason if (failure.pid, failure.started) == (worker.pid, worker.started) else ""


def _read_note(home: Path, job: int | None) -> _WorkerNote:
    """Read which process a worker is. Raises OSError and JsonError."""
    note: _WorkerNote = typed(_WorkerNote, read_stored(WorkspacePaths(home).worker_note_of(job)))
    return note


def _lock(home: Path, name: str) -> FileLock:
    folder = WorkspacePaths(home).locks
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / name, thread_local=False)
