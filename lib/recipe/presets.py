"""The two presets of a recipe, and how a recipe differs from the recommended one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from lib.recipe.losses import DEFAULT_LOSSES
from lib.recipe.options import PROMPT_FIELDS, PromptSource
from lib.recipe.recipe import FIELDS, Recipe

RECOMMENDED = Recipe()
"""Chosen by measurement: bench/README.md has the sweep. For small data `recommended_recipe` adds epochs."""

CLASSIC = Recipe(
    epochs=10,
    learning_rate=2e-5,
    dropout=-1.0,
    precision="fp32",
    packed=False,
    patience=0,
    schedule="linear",
    weight_decay=0.0,
)
"""The well-known recipe: MultipleNegativesRankingLoss, batches of 64, AdamW 2e-5.

With 10% warm-up, and every epoch to the end.
"""

PRESETS: dict[str, Recipe] = {"recommended": RECOMMENDED, "classic": CLASSIC}
LEAST_STEPS = 20
"""Below this many optimizer steps a training hardly moves: small data get more epochs."""


def recommended_recipe(rows: int) -> Recipe:
    """The Recommended preset for that many training rows: at least 20 steps, at most 5 epochs."""
    steps = max(1, math.ceil(rows / RECOMMENDED.batch_size))
    epochs = min(5, max(RECOMMENDED.epochs, math.ceil(LEAST_STEPS / steps)))
    return replace(RECOMMENDED, epochs=epochs)


def changed_settings(recipe: Recipe) -> dict[str, Any]:
    """Settings that differ from Recommended, in the form's order.

    The loss where it is no shape's default, prompts where a person set them.
    """
    values = recipe.to_json()
    usual = RECOMMENDED.to_json() | ({"loss": recipe.loss} if recipe.loss in DEFAULT_LOSSES else {})
    if recipe.prompt_source not in (PromptSource.UNDECIDED, PromptSource.HAND):
        usual |= {name: values[name] for name in PROMPT_FIELDS}
    return {name: values[name] for name in FIELDS if values[name] != usual[name]}
