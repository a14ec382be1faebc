"""The runs of one press: repeated with seeds, titled by what they hold."""

from __future__ import annotations

import pytest

from lib.errors import InputError
from lib.recipe.recipe import Recipe
from lib.settings import MAX_SEEDS
from lib.store.batches import batch_title, repeat_with_seeds, title_in_batch
from lib.store.datasets import MAX_NAME_CHARACTERS

PLANNED = [("one/a", Recipe(seed=7, epochs=2)), ("one/b", Recipe(seed=7))]
GRID = [(model, Recipe(seed=7, learning_rate=rate)) for model in ("one/a", "one/b") for rate in (1e-5, 1e-4)]


def test_each_model_is_repeated_from_its_own_seed_upwards() -> None:
    repeated = repeat_with_seeds(PLANNED, 3)
    assert [(model, recipe.seed, recipe.epochs) for model, recipe in repeated] == [
        (model, seed, recipe.epochs) for model, recipe in PLANNED for seed in (7, 8, 9)
    ]
    assert repeat_with_seeds(PLANNED, 1) == PLANNED


@pytest.mark.parametrize("seeds", [0, -1, MAX_SEEDS + 1])
def test_a_number_of_seeds_out_of_bounds_is_refused(seeds: int) -> None:
    with pytest.raises(InputError):
        repeat_with_seeds(PLANNED, seeds)


def test_a_seed_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError):
        repeat_with_seeds([("a", Recipe(seed=2**31 - 1))], 2)


@pytest.mark.parametrize(
    ("planned", "holds"),
    [
        (PLANNED, "desk: 2 models, "),
        ([PLANNED[0], PLANNED[0]], "desk: 2 models, "),
        (repeat_with_seeds(PLANNED, 3), "desk: 2 models, 3 seeds, "),
        (repeat_with_seeds(PLANNED[:1], 2), "desk: 1 model, 2 seeds, "),
        (repeat_with_seeds(GRID, 2), "desk: 2 models, 2 recipes, 2 seeds, "),
    ],
    ids=["models", "one-twice", "both", "seeds", "grid"],
)
def test_a_batch_is_titled_by_models_and_seeds(planned: list[tuple[str, Recipe]], holds: str) -> None:
    assert batch_title("desk", planned).startswith(holds)


def test_a_single_run_is_no_batch_and_only_repeats_have_their_seed_in_the_name() -> None:
    assert batch_title("desk", PLANNED[:1]) == ""
    assert title_in_batch("desk", *PLANNED[0], PLANNED) == ""
    repeated = repeat_with_seeds(PLANNED, 2)
    assert [title_in_batch("desk", *one, repeated) for one in repeated] == [
        "desk, a, seed 7",
        "desk, a, seed 8",
        "desk, b, seed 7",
        "desk, b, seed 8",
    ]
    assert len(title_in_batch("x" * 500, *repeated[0], repeated)) == MAX_NAME_CHARACTERS


def test_recipes_of_one_model_have_what_differs_in_the_name() -> None:
    assert [title_in_batch("desk", *one, GRID) for one in GRID[:2]] == [
        "desk, a, learning rate 1e-05",
        "desk, a, learning rate 0.0001",
    ]
    both = repeat_with_seeds(GRID, 2)
    assert title_in_batch("desk", *both[1], both) == "desk, a, learning rate 1e-05, seed 8"
