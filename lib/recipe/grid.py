"""A grid of recipes: every combination of several values of some settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from lib.errors import InputError
from lib.recipe.fields import Field
from lib.recipe.recipe import FIELDS, Recipe
from lib.settings import MAX_GRID_RECIPES

GRID_OPTION = "--grid"

NOT_SEARCHED = ("seed", "threads", "keep_checkpoint", "device", "where", "processes", "address")
"""Settings that say where a training runs and what it leaves, or which chance it has: `--seeds` repeats it."""

_TRUTH = {"true": True, "false": False}


def searched_settings() -> list[str]:
    """List the settings that a grid may hold: numbers, switches and choices."""
    searched = (spec for spec in FIELDS.values() if spec.kind is not tuple and spec.longest is None)
    return [spec.name for spec in searched if spec.name not in NOT_SEARCHED]


def parse_grid(texts: Sequence[str]) -> dict[str, tuple[Any, ...]]:
    """Read "learning-rate=1e-5,5e-5" and the like: the values of each setting, in the order given.

    Raises InputError for what is no setting or value, and for more recipes than are allowed.
    """
    grid: dict[str, tuple[Any, ...]] = {}
    for text in texts:
        words, _, values = text.partition("=")
        name = words.strip().replace("-", "_")
        if name not in searched_settings():
            known = ", ".join(one.replace("_", "-") for one in searched_settings())
            raise InputError(f"“{words}” is no setting of a grid.", where=GRID_OPTION, todo=f"Known: {known}.")
        if name in grid:
            raise InputError(f"“{words}” is given twice.", where=GRID_OPTION, todo="Write its values in one list.")
        grid[name] = tuple(_parse_value(FIELDS[name], value.strip()) for value in values.split(","))
        if len(set(grid[name])) < len(grid[name]):
            raise InputError(f"“{text}” holds a value twice.", where=GRID_OPTION, todo="Write each once.")
    if (count := prod(len(values) for values in grid.values())) > MAX_GRID_RECIPES:
        raise InputError(f"{count} recipes are too many.", where=GRID_OPTION, todo=f"Use at most {MAX_GRID_RECIPES}.")
    return grid


def _parse_value(spec: Field, text: str) -> Any:
    """Convert one value as typed. Raises InputError."""
    try:
        value = _TRUTH[text] if spec.kind is bool else spec.kind(text)
    except (KeyError, ValueError) as error:
        expected = "true and false" if spec.kind is bool else "numbers"
        raise InputError(f"{text!r} is not possible.", where=spec.label, todo=f"Use {expected}.") from error
    spec.check(value)
    return value


def expand_grid(recipe: Recipe, grid: Mapping[str, Sequence[Any]]) -> list[Recipe]:
    """Make the recipe of every combination; of an empty grid the recipe itself.

    Raises InputError for settings that do not go together.
    """
    return [replace(recipe, **dict(zip(grid, values, strict=True))) for values in product(*grid.values())]
