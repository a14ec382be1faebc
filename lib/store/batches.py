"""A batch: the runs of one press, one for each base model and seed, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lib.errors import InputError
from lib.format import format_count
from lib.recipe.recipe import Recipe
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
    seeds = _count_seeds(planned)
    parts = [format_count(len(planned) // seeds, "model"), *([format_count(seeds, "seed")] if seeds > 1 else [])]
    return f"{name}: {', '.join(parts)}, {datetime.now():%d %b %Y, %H:%M:%S}"


def title_with_seed(name: str, model: str, recipe: Recipe, planned: Sequence[tuple[str, Recipe]]) -> str:
    """Title a run that is repeated by its seed too; empty for others, which have the usual title.

    name: the dataset's.
    """
    return default_title(name, model, seed=recipe.seed) if _count_seeds(planned) > 1 else ""


def _count_seeds(planned: Sequence[tuple[str, Recipe]]) -> int:
    return len({recipe.seed for _, recipe in planned})
