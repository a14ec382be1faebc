"""A worker under a limit or with a fault planted: `python -m tests.faults.limited KIND AMOUNT HOME`."""

from __future__ import annotations

import errno
import math
import os
import resource
import signal
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.jobs.worker import work


def limit_files(amount: str) -> None:
    """Let no file grow beyond that many bytes; a write that would gets an error, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(amount), int(amount)))


def full_disk(amount: str) -> None:
    """Refuse every file that is opened for writing in the workspace, from that one on.

    A disk that is full stays full.
    """
    left = [int(amount)]
    home = os.fspath(Path(sys.argv[3]).resolve())

    def hook(event: str, facts: tuple[Any, ...]) -> None:
        if event != "open" or not str(facts[0]).startswith(home) or str(facts[0]).endswith(".lock"):
            return  # a lock is an empty file that is there already: it takes no room
        writes = any(sign in (facts[1] or "") for sign in "wxa+") or bool((facts[2] or 0) & (os.O_WRONLY | os.O_RDWR))
        if not writes:
            return
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(facts[0]))

    sys.addaudithook(hook)


def limit_memory(amount: str) -> None:
    """Let the address space not grow once the training's step begins."""
    from lib.training import st_trainer

    original = st_trainer.Trainer.compute_loss

    def hungry(self, *args, **kwargs):
        import psutil
        import torch

        memory = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (memory + (int(amount) << 20), memory + (int(amount) << 20)))
        torch.empty(1 << 32, dtype=torch.uint8)
        return original(self, *args, **kwargs)

    st_trainer.Trainer.compute_loss = hungry


def no_room(amount: str) -> None:
    """Report that many free bytes on the disk."""
    import shutil

    usage = namedtuple("usage", "total used free")
    shutil.disk_usage = lambda path: usage(10**12, 10**12 - int(amount), int(amount))


def error_in_loss(amount: str) -> None:
    """Raise inside the loss."""
    from lib.training import st_trainer

    def broken(self, *args, **kwargs):
        return 1 / int(amount)

    st_trainer.Trainer.compute_loss = broken


def clock_set_back(amount: str) -> None:
    """Set this process's wall clock back by that many seconds, once the training steps have begun."""
    import time
    from datetime import datetime, timedelta

    from lib.jobs import events
    from lib.store import database
    from lib.training import st_trainer

    shift = [0.0]
    real, original = time.time, st_trainer.Trainer.compute_loss

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(seconds=shift[0])

    def step(self, *args, **kwargs):
        shift[0] = float(amount)
        return original(self, *args, **kwargs)

    time.time = lambda: real() - shift[0]
    events.datetime = database.datetime = Shifted
    st_trainer.Trainer.compute_loss = step


def die_at(step: str) -> None:
    """Kill this process, as kill -9 does, when it comes to a named place for the n-th time: `place:n`."""
    from lib.training import cadence

    cadence.CHEAP_CHECKPOINT_SECONDS = (
        math.inf
    )  # a checkpoint each epoch: as many places on a slow disk as on a fast one
    name, count = step.split(":")
    owner, attribute = STEPS[name]()
    original: Callable[..., Any] = getattr(owner, attribute)
    left = [int(count)]

    def deadly(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(owner, attribute, deadly)


class _Removal:
    """A place in the middle of every removal of a published folder: one file is gone, the others stand."""

    @staticmethod
    def go_on() -> None:
        """Stand here for the place."""


def _removal() -> type[_Removal]:
    import shutil

    original = shutil.rmtree

    def rmtree(path, *args, **kwargs):
        if (Path(path) / _publish().MANIFEST).exists():
            next(one for one in sorted(Path(path).iterdir()) if one.name != _publish().MANIFEST).unlink()
            _Removal.go_on()
        original(path, *args, **kwargs)

    shutil.rmtree = rmtree
    return _Removal


def _publish() -> Any:
    from lib.store import publish

    return publish


def _jobs() -> Any:
    from lib.store.jobs import Jobs

    return Jobs


def _numpy() -> Any:
    import numpy

    return numpy


def _checkpoints() -> Any:
    from lib.training import checkpoints

    return checkpoints


STEPS: dict[str, Callable[[], tuple[Any, str]]] = {
    "sealing": lambda: (_publish(), "write_synced"),  # files are written, the manifest is not
    "renaming": lambda: (
        _publish(),
        "sync",
    ),  # among the syncs: of files before the manifest, of the folder after the rename
    "replacing": lambda: (_publish(), "put_in_place"),
    "removing": lambda: (_publish().shutil, "rmtree"),  # the new one stands, the old one is not removed yet
    "halfway": lambda: (_removal(), "go_on"),  # of a removal: of an older checkpoint, of the best epoch before
    "amending": lambda: (_publish(), "describe"),
    "snapshot": lambda: (_numpy(), "save"),
    "weights": lambda: (_checkpoints(), "save_file"),
    "finishing": lambda: (_jobs(), "finish"),  # all is done, the queue does not know yet
}

KINDS: dict[str, Callable[[str], None]] = {
    "file": limit_files,
    "disk": full_disk,
    "memory": limit_memory,
    "preflight": no_room,
    "error": error_in_loss,
    "clock": clock_set_back,
    "die": die_at,
    "none": lambda amount: None,
}

if __name__ == "__main__":
    KINDS[sys.argv[1]](sys.argv[2])
    raise SystemExit(work(Path(sys.argv[3])))
