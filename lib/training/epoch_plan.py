"""Steps of an epoch, and how much of the training part they see; light, for pages before a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.data.normalisation import same_keys
from lib.recipe.recipe import Recipe
from lib.shapes import Shape

SMALLEST_GROUPED = 4
"""Rows of a batch that two classes can share: two texts of each."""


@dataclass(frozen=True)
class TextCounts:
    """Rows of the training part, and how often each text of a side, or each class, occurs."""

    rows: int
    sides: tuple[np.ndarray, ...] = ()
    classes: tuple[int, ...] = ()


@dataclass(frozen=True)
class EpochPlan:
    """One epoch: its steps, the rows of a full step, and the most rows that it can see of all there are."""

    steps: int
    batch: int
    coverage: int
    rows: int

    @property
    def sees_all(self) -> bool:
        """Whether an epoch can see every row."""
        return self.coverage >= self.rows


def count_texts(frame: pd.DataFrame, shape: Shape) -> TextCounts:
    """Count how often texts and classes occur in the training part of a dataset's frame."""
    train = frame[frame["part"] == "train"]
    if shape is Shape.LABELLED_TEXTS:
        return TextCounts(len(train), classes=tuple(train["label"].astype(str).value_counts().tolist()))
    sides = [pd.Series(same_keys(train[side])).value_counts().to_numpy() for side in ("anchor", "positive")]
    return TextCounts(len(train), sides=tuple(sides))


def plan_epoch(found: TextCounts, shape: Shape, recipe: Recipe) -> EpochPlan:
    """Compute the steps of an epoch and the rows it sees, for a recipe with its loss filled in."""
    if shape is Shape.LABELLED_TEXTS:
        return _grouped(found, grouped_size(recipe.batch_size))
    if not recipe.loss_record.in_batch:
        return EpochPlan(
            -(-found.rows // recipe.batch_size), min(recipe.batch_size, found.rows), found.rows, found.rows
        )
    # A batch holds a text of a side once, so S steps use a text that occurs c times at most min(c, S) times:
    # seen <= min(rows, S * batch, sum_t min(c_t, S) by side), an upper bound
    steps = fair_steps(found.rows, recipe.batch_size)
    room = min(found.rows, steps * recipe.batch_size)
    once = [int(np.minimum(counts, steps).sum()) for counts in found.sides]
    return EpochPlan(steps, min(recipe.batch_size, found.rows), min([room, *once]), found.rows)


def fair_steps(rows: int, batch_size: int) -> int:
    """Count the steps of an epoch with in-batch negatives.

    A batch of one pair has none and teaches nothing.
    """
    count, rest = divmod(rows, batch_size)
    return max(1, count + (rest > 1))


def grouped_size(batch_size: int) -> int:
    """Compute the rows of a step over labelled texts: two of each class in turn, two classes at least."""
    return max(SMALLEST_GROUPED, batch_size - batch_size % 2)


def _grouped(found: TextCounts, size: int) -> EpochPlan:
    """Plan GroupByLabelBatchSampler's epoch.

    Classes take turns with two texts each until only one has any left.
    """
    # Class k has c_k // 2 pairs; a round takes one of each class, as long as two classes have any left. The largest
    # class therefore stops with the second largest: 2 * sum_k min(c_k // 2, second largest) texts in all.
    pairs = sorted((count // 2 for count in found.classes if count >= 2), reverse=True)
    stream = 2 * sum(min(count, _second(pairs)) for count in pairs)
    full, rest = divmod(stream, size)
    last = rest >= SMALLEST_GROUPED
    return EpochPlan(max(1, full + last), min(size, found.rows), full * size + rest * last, found.rows)


def _second(counts: Sequence[int]) -> int:
    return counts[1] if len(counts) > 1 else 0
