"""What a workspace can do without: checkpoints of ended trainings, vectors to encode again."""

from __future__ import annotations

from contextlib import suppress

from filelock import FileLock, Timeout

from lib.store.layout import VECTOR_LOCK, RunPaths, WorkspacePaths
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


def remove_vectors(paths: WorkspacePaths) -> int:
    """Remove the cached vectors of all models and return the bytes that this freed.

    A model that somebody encodes for at this moment keeps its vectors. Its folder stays, and the lock in it, for the next who encodes.
    """
    before = size_of(paths.vectors)
    for model in paths.vectors.glob("*/"):
        with suppress(Timeout), FileLock(model / VECTOR_LOCK, timeout=0):
            for segment in model.glob("*/"):
                remove_published(segment)
    return before - size_of(paths.vectors)
