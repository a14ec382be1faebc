"""Mined negatives are near, wrong, and far enough from right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.training.examples import TrainingColumns, training_columns
from lib.training.negatives import mine_negatives
from tests.unit.training.small import frame_of

ANGLES = {"q": 0.0, "right": 0.3, "close": 0.32, "near": 0.6, "far": 1.2, "away": 2.5}
VECTORS = {text: np.array([np.cos(angle), np.sin(angle)]) for text, angle in ANGLES.items()}
TEXTS = {"anchor": ["q", "x", "y", "z", "w"], "positive": ["right", "close", "near", "far", "away"]}
ROWS = TrainingColumns(TEXTS, TEXTS, [])
for other in ("x", "y", "z", "w"):
    VECTORS[other] = np.array([0.0, -1.0])


def mined_for_q(**settings: float) -> list[str]:
    """Mine the negatives of the first row."""
    found = mine_negatives(ROWS, VECTORS, replace(Recipe(), **settings)).rows.columns  # type: ignore[arg-type]
    return [values[0] for name, values in found.items() if name.startswith("negative")]


def test_nearest_wrong_first_and_the_margin_keeps_false_ones_out() -> None:
    """`close` is within the margin of the right target: likely right too."""
    assert mined_for_q(hard_negatives=2, negative_margin=0.05) == ["near", "far"]
    assert mined_for_q(hard_negatives=2, negative_margin=0.0) == ["close", "near"]
    assert mined_for_q(hard_negatives=1, negative_margin=0.0, negative_relative_margin=0.2) == ["far"]


def test_nearest_can_be_passed_over_and_the_range_limits() -> None:
    """Ranks 0 and 1 passed over, rank 2 taken."""
    assert mined_for_q(hard_negatives=1, negative_margin=0.0, negative_skip=2) == ["far"]


def test_right_targets_of_the_source_are_never_taken() -> None:
    """A second right answer of the same source, spelt in capitals in another row, is no negative."""
    texts = {"anchor": [*TEXTS["anchor"], "Q"], "positive": [*TEXTS["positive"], "CLOSE"]}
    rows = TrainingColumns(texts, texts, [])
    vectors = {**VECTORS, "Q": VECTORS["q"], "CLOSE": VECTORS["close"]}
    columns = mine_negatives(rows, vectors, Recipe(hard_negatives=1, negative_margin=0.0)).rows.columns
    assert columns["negative"][0] == "near"
    assert columns["negative"][5] == "near"


def test_only_training_targets_and_the_same_each_time() -> None:
    """Held-out and validation texts never come in; missing ones are drawn by the seed."""
    frame = frame_of(Shape.PAIRS)
    rows = training_columns(ModelInputs.of(frame, Shape.PAIRS))
    generator = np.random.default_rng(0)
    vectors = {text: generator.normal(size=8) for text in rows.texts}
    recipe = Recipe(hard_negatives=3, negative_margin=0.3)
    first, again = mine_negatives(rows, vectors, recipe), mine_negatives(rows, vectors, recipe)
    assert first.rows.columns == again.rows.columns
    assert first.random > 0
    assert first.hard + first.random == 3 * rows.count
    allowed = set(frame.loc[frame["part"] == "train", "positive"])
    assert {text for name in ("negative", "negative_2", "negative_3") for text in first.rows.columns[name]} <= allowed


def test_too_few_targets_is_said() -> None:
    """Five targets cannot give five wrong ones each."""
    with pytest.raises(InputError, match="Hard negatives"):
        mine_negatives(ROWS, VECTORS, Recipe(hard_negatives=5))
