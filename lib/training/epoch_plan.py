"""What one epoch is: how many steps, and how much of the training part they see. Light: pages ask before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.data.normalisation import same_keys
from lib.data.shapes import Shape
from lib.training.recipe import Recipe

SMALLEST_GROUPED = 4
"""Rows of a batch that two classes can share: two texts of each."""


@dataclass(frozen=True)
class TextCounts:
    """What decides about batches: the rows of the training part, and how often each text of a side, or each class, occurs."""

    rows: int
    sides: tuple[np.ndarray, ...] = ()
    classes: tuple[int, ...] = ()


@dataclass(frozen=True)
class EpochPlan:
    """One epoch: its steps, the rows of a full step, and the most rows that it can see of all there are."""

    steps: int
    batch: int
    seen: int
    rows: int

    @property
    def sees_all(self) -> bool:
        """Say whether no row is known to be left for later epochs."""
        return self.seen >= self.rows


def count_texts(frame: pd.DataFrame, shape: Shape) -> TextCounts:
    """Return how often texts and classes occur in the training part of a dataset's frame."""
    train = frame[frame["part"] == "train"]
    if shape is Shape.LABELLED_TEXTS:
        return TextCounts(len(train), classes=tuple(train["label"].astype(str).value_counts().tolist()))
    sides = [pd.Series(same_keys(train[side])).value_counts().to_numpy() for side in ("anchor", "positive")]
    return TextCounts(len(train), sides=tuple(sides))


def plan_epoch(found: TextCounts, shape: Shape, recipe: Recipe) -> EpochPlan:
    """Return what an epoch of a recipe, its loss filled in, is on data of a shape."""
    if shape is Shape.LABELLED_TEXTS:
        return _grouped(found, grouped_size(recipe.batch_size))
    if not recipe.loss_record.in_batch:
        return EpochPlan(
            -(-found.rows // recipe.batch_size), min(recipe.batch_size, found.rows), found.rows, found.rows
        )
    steps = fair_steps(found.rows, recipe.batch_size)
    room = min(found.rows, steps * recipe.batch_size)
    once = [int(np.minimum(counts, steps).sum()) for counts in found.sides]  # a batch takes a text once
    return EpochPlan(steps, min(recipe.batch_size, found.rows), min([room, *once]), found.rows)


def fair_steps(rows: int, batch_size: int) -> int:
    """Return the steps of an epoch with in-batch negatives: a batch of one pair has none and teaches nothing."""
    count, rest = divmod(rows, batch_size)
    return max(1, count + (rest > 1))


def grouped_size(batch_size: int) -> int:
    """Return the rows of a step over labelled texts: two of each class in turn, two classes at least."""
    return max(SMALLEST_GROUPED, batch_size - batch_size % 2)


def _grouped(found: TextCounts, size: int) -> EpochPlan:
    """Classes take turns with two texts each until only one has any left (sentence-transformers' GroupByLabelBatchSampler)."""
    pairs = sorted((count // 2 for count in found.classes if count >= 2), reverse=True)
    stream = 2 * sum(min(count, _second(pairs)) for count in pairs)
    full, rest = divmod(stream, size)
    last = rest >= SMALLEST_GROUPED
    return EpochPlan(max(1, full + last), min(size, found.rows), full * size + rest * last, found.rows)


def _second(counts: Sequence[int]) -> int:
    return counts[1] if len(counts) > 1 else 0
