"""Several values of settings: every combination is a recipe, and what is no value is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lib.errors import InputError
from lib.recipe.grid import NOT_SEARCHED, expand_grid, parse_grid, searched_settings
from lib.recipe.recipe import FIELDS, Recipe
from lib.recipe.setting_texts import describe_setting


def test_every_combination_is_a_recipe() -> None:
    grid = parse_grid(["learning-rate=2e-5, 1e-4", "batch_size=16,32", "packed=true,false", "schedule=cosine"])
    assert grid == {
        "learning_rate": (2e-5, 1e-4),
        "batch_size": (16, 32),
        "packed": (True, False),
        "schedule": ("cosine",),
    }
    recipes = expand_grid(Recipe(epochs=7), grid)
    assert len(set(recipes)) == 8
    assert recipes[0] == Recipe(epochs=7, learning_rate=2e-5, batch_size=16, schedule="cosine")
    assert expand_grid(Recipe(epochs=7), parse_grid([])) == [Recipe(epochs=7)]


@pytest.mark.parametrize(
    "texts",
    [
        ["rate=1e-5"],
        ["learning-rate"],
        ["learning-rate=fast"],
        ["learning-rate=1e-5,1e-5"],
        ["learning-rate=1e-5,"],
        ["epochs=1,501"],
        ["packed=1,0"],
        ["schedule=linear,none"],
        ["epochs=1,2", "epochs=3"],
        ["epochs=1,2,3,4,5,6,7,8,9", "batch-size=2,3,4,5,6,7,8,9"],
        *[[f"{name}=1"] for name in (*NOT_SEARCHED, "matryoshka", "query_prompt")],
    ],
    ids=lambda texts: " ".join(texts)[:40],
)
def test_what_is_no_grid_is_refused(texts: list[str]) -> None:
    with pytest.raises(InputError):
        parse_grid(texts)


def test_settings_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(InputError):
        expand_grid(replace(Recipe(), hard_negatives=4), parse_grid(["negative-range=2,50"]))


@pytest.mark.parametrize("name", searched_settings())
def test_every_searched_setting_is_described_by_its_label(name: str) -> None:
    assert describe_setting(name, FIELDS[name].default).lower().startswith(FIELDS[name].label.lower())
