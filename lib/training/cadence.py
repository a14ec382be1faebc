"""How often a training looks and saves, and what that costs beside its steps. Light: the estimate on a page counts the same."""

from __future__ import annotations

from lib.training.recipe import Recipe

ENCODING_SHARE = 1 / 3
"""Encoding a text costs about a third of training on it: the way back costs twice the way there."""

CHECKPOINT_SECONDS = 300.0
"""A step within an epoch ends with a checkpoint when the last one is so old."""

CHECKPOINT_SHARE = 0.1
"""Checkpoints at the ends of epochs take about this share of the time at most: what a kill can lose is ten times their cost."""

CHEAP_CHECKPOINT_SECONDS = 0.25
"""A checkpoint that costs no more than this is written after every epoch."""


def is_validation_due(recipe: Recipe, epoch: int) -> bool:
    """Say whether an epoch ends with a look at the validation part."""
    return epoch % recipe.evaluate_every == 0 or epoch >= recipe.epochs


def validations_left(recipe: Recipe, *, done: int = 0) -> int:
    """Return how many looks at the validation part are still to come after that many epochs."""
    return sum(is_validation_due(recipe, epoch) for epoch in range(done + 1, recipe.epochs + 1))


def validation_steps(texts: int, *, texts_of_a_step: int) -> float:
    """Return what a look that encodes so many texts costs, in steps."""
    return ENCODING_SHARE * texts / max(1, texts_of_a_step)


def is_checkpoint_due(*, cost: float, since: float) -> bool:
    """Say whether the end of an epoch is worth a checkpoint: seconds that one costs, seconds since the last one."""
    return cost <= CHEAP_CHECKPOINT_SECONDS or since >= cost / CHECKPOINT_SHARE


def checkpoint_seconds(*, epochs: int, cost: float, whole: float) -> float:
    """Return the seconds that checkpoints add to a training whose steps and looks take `whole` seconds."""
    each = epochs * cost
    return each if cost <= CHEAP_CHECKPOINT_SECONDS else min(each, CHECKPOINT_SHARE * whole + 2 * cost)
