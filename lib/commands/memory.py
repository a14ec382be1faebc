"""Refuse what memory cannot hold before it starts, with a switch to go on all the same."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lib.data.model_inputs import ModelInputs
from lib.errors import ModelError, TrainingError
from lib.format import format_bytes
from lib.memory import available_memory, has_graphics_card
from lib.models.catalog import resolve
from lib.models.folder_check.check import check_folder
from lib.models.memory_need import ModelSizes, encoding_need
from lib.models.text_lengths import reading_limit
from lib.recipe.recipe import Recipe
from lib.training.memory_estimate import check_memory, count_planned_texts


def add_memory_option(parser: argparse.ArgumentParser) -> None:
    """Add the switch that goes on where more memory may be needed than is free."""
    parser.add_argument("--ignore-memory", action="store_true", help="go on although memory may not suffice")


def refuse_encoding_without_memory(model: str, *, home: Path, ignore: bool) -> None:
    """Raise ModelError for a model that can't encode in what is free; warn where that is ignored."""
    folder = resolve(model, home=home)
    if not isinstance(folder, Path) or not folder.is_dir() or has_graphics_card():
        return
    facts, free = check_folder(folder), available_memory()
    need = encoding_need(ModelSizes.of(facts), longest=reading_limit(folder, facts))
    if need.total <= free:
        return
    words = (
        f"{model} needs up to {format_bytes(need.total)} of memory to encode ({format_bytes(need.weights)} for its "
        f"weights); {format_bytes(free)} are free."
    )
    if not ignore:
        raise ModelError(
            words, todo="Choose a smaller model, or close other programs. --ignore-memory goes on all the same."
        )
    print(f"warning: {words}", file=sys.stderr)


def refuse_without_memory(inputs: ModelInputs, model: str, recipe: Recipe, *, home: Path, ignore: bool) -> None:
    """Raise TrainingError for a training that does not fit; only warn where that is ignored."""
    planned = count_planned_texts(model, inputs, max_length=recipe.max_length, home=home, own_tokens=True)
    check = check_memory(planned, recipe) if planned else None
    if check is None or check.fits:
        return
    if not ignore:
        raise TrainingError(check.describe(), todo=f"{check.advice} --ignore-memory trains all the same.")
    print(f"warning: {check.describe()}", file=sys.stderr)
