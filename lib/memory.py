"""How much memory this process and this machine have and hold, and limits on it.

With lib/process.py the only module that calls for the platform.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

LIMIT_WATCH_SECONDS = 0.2
"""Seconds between two checks whether a limit is exceeded."""

VMSTAT = Path("/proc/vmstat")
STATUS = Path("/proc/self/status")
"""Of Linux, see proc(5); missing elsewhere."""

CGROUP = Path("/sys/fs/cgroup")
CGROUP_FILES = (
    ("memory.max", "memory.current", ("memory.stat", "inactive_file")),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", ("memory/memory.stat", "total_inactive_file")),
)
"""Limit, use, and the part of it that is a cache of files, of a container: version 2 and version 1."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h; see mallopt(3)."""

_MMAP_BYTES, _TRIM_BYTES = 1 << 30, (1 << 31) - 1


def resident_memory() -> int:
    """Bytes of memory that this process holds now."""
    return int(psutil.Process().memory_info().rss)


def tree_memory() -> int:
    """Bytes of memory that this process and all that it has started hold now."""
    held = 0
    for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        with suppress(psutil.Error):
            held += int(process.memory_info().rss)
    return held


def available_memory() -> int:
    """Bytes of memory that a new process can have: of the machine, or what a container's limit leaves.

    Source: cgroups(7) of Linux; what files are cached of counts as free, the kernel drops it first.
    """
    free = [int(psutil.virtual_memory().available)]
    for limit, usage, cached in CGROUP_FILES:
        with suppress(OSError, ValueError, IndexError):
            facts = (CGROUP / cached[0]).read_text(encoding="ascii").split()
            unused = int(facts[facts.index(cached[1]) + 1])
            held = int((CGROUP / usage).read_text(encoding="ascii")) - unused
            free.append(max(0, int((CGROUP / limit).read_text(encoding="ascii")) - held))  # "max": no limit
    return min(free)


def has_graphics_card() -> bool:
    """Whether the machine may train on a card with its own memory: a driver's tool is installed."""
    return any(shutil.which(tool) for tool in ("nvidia-smi", "rocm-smi"))


def peak_process_memory() -> int:
    """Most bytes of memory that this process has held.

    Linux counts into ru_maxrss what the process held that started this one, so it is asked for this one's own high-water mark.
    """
    with suppress(OSError, ValueError, IndexError):
        return int(STATUS.read_text(encoding="utf-8").split("VmHWM:")[1].split()[0]) * 1024
    with suppress(ImportError):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    facts = psutil.Process().memory_info()
    return int(getattr(facts, "peak_wset", facts.rss))


def limit_memory(count: int) -> None:
    """End this process, or fail its allocations, when it asks for more than that many bytes."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (count, count))
    except (ImportError, OSError, ValueError):
        threading.Thread(target=_end_above, args=(count,), name="memory-limit", daemon=True).start()


def _end_above(count: int) -> None:
    while resident_memory() <= count:
        time.sleep(LIMIT_WATCH_SECONDS)
    os._exit(1)


@contextmanager
def end_beyond(*, seconds: float, memory: int, note: Callable[[str], object]) -> Iterator[None]:
    """End this process when the block takes longer, or holds so many more bytes than at its start.

    note: called with the reason just before the end. For native code, which no exception of Python's reaches.
    """
    done = threading.Event()
    most, until = resident_memory() + memory, time.monotonic() + seconds

    def watch() -> None:
        while not done.wait(LIMIT_WATCH_SECONDS):
            late, large = time.monotonic() > until, resident_memory() > most
            if late or large:
                with suppress(OSError):
                    note(f"it took more than {seconds:.0f} s" if late else f"it took more than {memory // 10**6:,} MB")
                os._exit(1)

    threading.Thread(target=watch, name="limits", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def out_of_memory_kills() -> int | None:
    """Count processes that this machine has killed for want of memory since it began.

    None where it does not count them.

    Source: /proc/vmstat of Linux, oom_kill.
    """
    try:
        lines = VMSTAT.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)


def keep_freed_memory() -> bool:
    """Let glibc keep freed blocks for the next allocation; say whether it does. Elsewhere nothing happens.

    A training step allocates and frees the same blocks again and again. By default glibc maps each large one again, and
    the system zeroes every page of it: measured, that is several times the work that the block is for, and half of a
    static model's step, whose gradient is as large as its word vectors.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        import ctypes

        library = ctypes.CDLL("libc.so.6")
        return bool(library.mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES) and library.mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES))
    except (ImportError, OSError, AttributeError):
        return False
