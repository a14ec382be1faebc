"""When a training looks and saves: often enough to lose little, seldom enough to cost little."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.recipe.presets import RECOMMENDED
from lib.training import cadence


def test_the_last_epoch_is_always_looked_at() -> None:
    recipe = replace(RECOMMENDED, epochs=5, evaluate_every=2)
    assert [epoch for epoch in range(1, 6) if cadence.is_validation_due(recipe, epoch)] == [2, 4, 5]
    assert cadence.validations_left(recipe) == 3
    assert cadence.validations_left(recipe, done=4) == 1


def test_a_look_costs_a_third_of_training_on_its_texts() -> None:
    assert cadence.validation_steps(600, texts_of_a_step=100) == pytest.approx(2)


def test_costly_checkpoints_wait_and_cheap_ones_do_not() -> None:
    assert cadence.is_checkpoint_due(cost=0.05, since=0.0)
    assert not cadence.is_checkpoint_due(cost=1.0, since=9.0)
    assert cadence.is_checkpoint_due(cost=1.0, since=10.0)


def test_what_checkpoints_add_is_bounded_by_their_share() -> None:
    assert cadence.checkpoint_seconds(epochs=3, cost=1.0, whole=600) == 3
    assert cadence.checkpoint_seconds(epochs=500, cost=1.0, whole=100) == pytest.approx(12)
    assert cadence.checkpoint_seconds(epochs=500, cost=0.02, whole=1) == pytest.approx(10)
