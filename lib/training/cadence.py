"""When a training validates and saves a checkpoint, and what that costs in steps.

Light, for estimates on pages too.
"""

from __future__ import annotations

from lib.recipe.recipe import Recipe

ENCODING_SHARE = 1 / 3
"""Cost of encoding a text, relative to training on it.

A backward pass costs about twice a forward pass, 1 / (1 + 2).
"""

CHECKPOINT_SECONDS = 300.0
"""Seconds since the last checkpoint after which a step within an epoch writes one."""

CHECKPOINT_SHARE = 0.1
"""Largest share of the time for checkpoints at epochs' ends.

A kill loses at most ten times a checkpoint's cost.
"""

CHEAP_CHECKPOINT_SECONDS = 0.25
"""Seconds: a checkpoint that costs no more is written after every epoch."""


def is_validation_due(recipe: Recipe, epoch: int) -> bool:
    """Check whether an epoch ends with a validation."""
    return epoch % recipe.evaluate_every == 0 or epoch >= recipe.epochs


def validations_left(recipe: Recipe, *, done: int = 0) -> int:
    """Count the validations that are still to come after `done` epochs."""
    return sum(is_validation_due(recipe, epoch) for epoch in range(done + 1, recipe.epochs + 1))


def validation_steps(texts: int, *, texts_of_a_step: int) -> float:
    """Estimate the cost of a validation that encodes so many texts, in training steps."""
    # texts * (cost of encoding one) / (texts of a step * cost of training on one)
    return ENCODING_SHARE * texts / max(1, texts_of_a_step)


def is_checkpoint_due(*, cost: float, since: float) -> bool:
    """Check whether an epoch's end is worth a checkpoint.

    cost: seconds that one takes. since: seconds since the last.
    """
    # cost / (time since the last one) <= CHECKPOINT_SHARE
    return cost <= CHEAP_CHECKPOINT_SECONDS or since >= cost / CHECKPOINT_SHARE


def checkpoint_seconds(*, epochs: int, cost: float, whole: float) -> float:
    """Estimate the seconds that checkpoints add to a training of `whole` seconds of steps and validations."""
    # at most one an epoch; where they are rarer, their share of the time and two beyond it
    each = epochs * cost
    return each if cost <= CHEAP_CHECKPOINT_SECONDS else min(each, CHECKPOINT_SHARE * whole + 2 * cost)
