"""Is there room for what a training will write? Asked before anything is trained."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from lib.errors import TrainingError
from lib.format import format_bytes
from lib.models.catalog import resolve
from lib.recipe.recipe import Recipe
from lib.shapes import TEXT_COLUMNS, Shape
from lib.training.snapshots import count_snapshots, shown_limit
from lib.typed_json import JsonError, read_stored, typed

COPIES = 13
"""Model-sized files that can stand at once.

Three checkpoints (two kept, one being written) of weights and two optimizer moments each, the best weights twice and
the tuned model twice while they are replaced.
"""

SNAPSHOT_BYTES_PER_VALUE = 4
SPARE = 200_000_000

USUAL_WEIGHTS = 23_000_000
"""Weights of a model that is not downloaded yet: those of the bundled one.

The worker knows better once it is loaded.
"""

USUAL_DIMENSION = 384


def needed_bytes(*, parameters: int, texts: int, dimension: int, snapshots: int) -> int:
    """Estimate the peak bytes that a training writes: checkpoints, tuned model, snapshots, and a reserve."""
    return parameters * 4 * COPIES + texts * dimension * SNAPSHOT_BYTES_PER_VALUE * snapshots + SPARE


def expected_bytes(model: str, *, home: Path, rows: int, shape: str, recipe: Recipe) -> int:
    """Estimate `needed_bytes` of a training from files alone, without loading the model: for forms."""
    weights, dimension = USUAL_WEIGHTS, USUAL_DIMENSION
    folder = resolve(model, home=home)
    if isinstance(folder, Path) and folder.is_dir():
        files = [path for pattern in ("*.safetensors", "pytorch_model*.bin") for path in folder.rglob(pattern)]
        weights = sum(path.stat().st_size for path in files) // 4 or weights
        dimension = _dimension(folder) or dimension
    texts = min(shown_limit(rows), rows * len(TEXT_COLUMNS[Shape(shape)]))
    return needed_bytes(parameters=weights, texts=texts, dimension=dimension, snapshots=count_snapshots(recipe.epochs))


def _dimension(folder: Path) -> int | None:
    """Read the embedding dimension of a model from its pooling's settings; None where they lack it."""
    for path in folder.glob("*Pooling/config.json"):
        try:
            found = typed(dict[str, Any], read_stored(path))
        except (OSError, JsonError):
            continue
        for name in ("word_embedding_dimension", "embedding_dimension"):
            if isinstance(found.get(name), int):
                return int(found[name])
    return None


def check_room(folder: Path, needed: int) -> None:
    """Raise TrainingError when the disk has less free than that."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise TrainingError(
            f"The disk has {format_bytes(free)} free; this training needs about {format_bytes(needed)}.",
            todo="Free some space (the Overview page says what each run takes), then press Try again.",
        )
