"""A worker under a limit: `python -m tests.faults.limited KIND AMOUNT HOME`."""

from __future__ import annotations

import resource
import signal
import sys
from collections import namedtuple
from pathlib import Path

from lib.jobs.worker import work


def limit_files(amount: int) -> None:
    """Let no file grow beyond that many bytes; a write that would gets an error, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (amount, amount))


def limit_memory(amount: int) -> None:
    """Let the address space not grow once the training's step begins."""
    from lib.training import engine

    original = engine.ClosersTrainer.compute_loss

    def hungry(self, *args, **kwargs):
        import psutil
        import torch

        used = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (used + (amount << 20), used + (amount << 20)))
        torch.empty(1 << 32, dtype=torch.uint8)
        return original(self, *args, **kwargs)

    engine.ClosersTrainer.compute_loss = hungry


def no_room(amount: int) -> None:
    """Say that the disk has that many bytes free."""
    import shutil

    usage = namedtuple("usage", "total used free")
    shutil.disk_usage = lambda path: usage(10**12, 10**12 - amount, amount)


def error_in_loss(amount: int) -> None:
    """Raise inside the loss."""
    from lib.training import engine

    def broken(self, *args, **kwargs):
        return 1 / amount

    engine.ClosersTrainer.compute_loss = broken


KINDS = {"file": limit_files, "memory": limit_memory, "preflight": no_room, "error": error_in_loss}

if __name__ == "__main__":
    KINDS[sys.argv[1]](int(sys.argv[2]))
    raise SystemExit(work(Path(sys.argv[3])))
