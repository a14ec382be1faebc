"""A batch: the runs of one press, one for each base model, recipe and seed, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lib.errors import InputError
from lib.format import format_count
from lib.recipe.grid import searched_settings
from lib.recipe.recipe import Recipe
from lib.recipe.setting_texts import describe_setting
from lib.settings import MAX_SEEDS
from lib.store.runs import default_title


def repeat_with_seeds(planned: Sequence[tuple[str, Recipe]], seeds: int) -> list[tuple[str, Recipe]]:
    """Repeat each base model's recipe with so many seeds, from its own one upwards.

    Raises InputError for a number out of bounds.
    """
    if not 1 <= seeds <= MAX_SEEDS:
        raise InputError(f"{seeds} is no number of seeds.", todo=f"Choose 1 to {MAX_SEEDS}.")
    return [(model, replace(recipe, seed=recipe.seed + number)) for model, recipe in planned for number in range(seeds)]


def batch_title(name: str, planned: Sequence[tuple[str, Recipe]]) -> str:
    """Title the batch of these runs by what it holds and the present time; empty for a single run."""
    if len(planned) < 2:
        return ""
    seeds, recipes = _count_seeds(planned), _count_recipes(planned)
    parts = [
        format_count(len(planned) // (seeds * recipes), "model"),
        *([format_count(recipes, "recipe")] if recipes > 1 else []),
        *([format_count(seeds, "seed")] if seeds > 1 else []),
    ]
    return f"{name}: {', '.join(parts)}, {datetime.now():%d %b %Y, %H:%M:%S}"


def title_in_batch(name: str, model: str, recipe: Recipe, planned: Sequence[tuple[str, Recipe]]) -> str:
    """Title a run by the settings and the seed that tell it from others of its model.

    Empty where there are none: it has the usual title. name: the dataset's.
    """
    details = [describe_setting(setting, getattr(recipe, setting)) for setting in searched_in(planned)]
    details += [f"seed {recipe.seed}"] if _count_seeds(planned) > 1 else []
    return default_title(name, model, details=details) if details else ""


def searched_in(planned: Sequence[tuple[str, Recipe]]) -> list[str]:
    """List the settings of a grid in which recipes of one model differ."""
    models = {model for model, _ in planned}
    groups = [[recipe for one, recipe in planned if one == model] for model in models]
    return [name for name in searched_settings() if any(len({getattr(r, name) for r in group}) > 1 for group in groups)]


def _count_recipes(planned: Sequence[tuple[str, Recipe]]) -> int:
    """Count the recipes of a model, but for seeds."""
    names = searched_in(planned)
    return len({tuple(getattr(recipe, name) for name in names) for _, recipe in planned}) if names else 1


def _count_seeds(planned: Sequence[tuple[str, Recipe]]) -> int:
    return len({recipe.seed for _, recipe in planned})
