"""Is there room for what a training will write? Asked before anything is trained."""

from __future__ import annotations

import shutil
from pathlib import Path

from lib.errors import TrainingError

COPIES = 13
"""Model-sized files that can stand at once: three checkpoints (two kept, one being written) of weights and two optimizer

moments each, the best weights twice and the tuned model twice while they are replaced.
"""

MOMENT_BYTES_PER_VALUE = 4
SPARE = 200_000_000


def needed_bytes(*, parameters: int, texts: int, dimension: int, moments: int) -> int:
    """Return the bytes that a training writes at its peak: checkpoints, tuned model, snapshots, and some to spare."""
    return parameters * 4 * COPIES + texts * dimension * MOMENT_BYTES_PER_VALUE * moments + SPARE


def check_room(folder: Path, needed: int) -> None:
    """Raise TrainingError when the disk has less free than that."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise TrainingError(
            f"The disk has {free / 1e9:.1f} GB free; this training needs about {needed / 1e9:.1f} GB.",
            todo="Free some space (the Overview page says what each run takes), then press Retry.",
        )
