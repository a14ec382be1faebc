"""What a run's folder can do without: the checkpoints of a training that has ended."""

from __future__ import annotations

from contextlib import suppress

from lib.store.layout import RunPaths
from lib.store.publish import remove_published, size_of

STEP, BEST = "step-", "best"
"""Names of a run's checkpoints: a prefix with the step behind it, and the weights of the best epoch."""


def checkpoint_bytes(paths: RunPaths) -> int:
    """Sum the bytes of a run's checkpoints, without which it cannot go on to more epochs."""
    return size_of(paths.checkpoints)


def has_checkpoint(paths: RunPaths) -> bool:
    """Check whether a run can go on to more epochs."""
    return any(paths.checkpoints.glob(f"{STEP}*"))


def remove_checkpoints(paths: RunPaths, *, keep_newest: bool = False, keep_best: bool = False) -> int:
    """Remove a run's checkpoints and return the bytes that this freed; each is gone whole or still there.

    keep_newest: all but the newest step, from which the run can go on. keep_best: not the best epoch's weights.
    """
    before = checkpoint_bytes(paths)
    steps = sorted(paths.checkpoints.glob(f"{STEP}*"))
    for step in steps[:-1] if keep_newest else steps:
        remove_published(step)
    if not keep_best:
        remove_published(paths.checkpoints / BEST)
    with suppress(OSError):  # not empty where something is kept
        paths.checkpoints.rmdir()
    return before - checkpoint_bytes(paths)
