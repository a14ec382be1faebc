"""Refuse what memory cannot hold before it starts, with a switch to go on all the same."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lib.data.model_inputs import ModelInputs
from lib.errors import MemoryShortageError, TrainingError
from lib.models.memory_check import check_encoding
from lib.recipe.recipe import Recipe
from lib.training.memory_estimate import check_memory, count_planned_texts


def add_memory_option(parser: argparse.ArgumentParser) -> None:
    """Add the switch that goes on where more memory may be needed than is free."""
    parser.add_argument("--ignore-memory", action="store_true", help="go on although memory may not suffice")


def refuse_encoding_without_memory(*models: str, home: Path, ignore: bool) -> None:
    """Raise MemoryShortageError where models, all loaded, can't encode in what is free.

    Only warn where that is ignored.
    """
    check = check_encoding(models, home=home)
    if check is None or check.fits:
        return
    if not ignore:
        todo = "Choose a smaller model, or close other programs. --ignore-memory goes on all the same."
        raise MemoryShortageError(check.describe(), todo=todo)
    print(f"warning: {check.describe()}", file=sys.stderr)


def refuse_without_memory(inputs: ModelInputs, model: str, recipe: Recipe, *, home: Path, ignore: bool) -> None:
    """Raise TrainingError for a training that does not fit; only warn where that is ignored."""
    planned = count_planned_texts(model, inputs, max_length=recipe.max_length, home=home, own_tokens=True)
    check = check_memory(planned, recipe) if planned else None
    if check is None or check.fits:
        return
    if not ignore:
        raise TrainingError(check.describe(), todo=f"{check.advice} --ignore-memory trains all the same.")
    print(f"warning: {check.describe()}", file=sys.stderr)
