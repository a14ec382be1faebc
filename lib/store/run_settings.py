"""The settings of runs side by side, and as the command that trains the same again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from lib.recipe.options import PROMPT_FIELDS, PromptSource
from lib.recipe.recipe import FIELDS, Recipe
from lib.store.runs import Run

SETTING_TITLES = {"model": "Base model", "dataset": "Dataset"} | {name: spec.label for name, spec in FIELDS.items()}
"""What a page calls each setting."""


def differing_settings(runs: Sequence[Run]) -> list[str]:
    """List the settings (and model, dataset) in which the runs differ."""
    names = ["model", "dataset", *FIELDS]
    return [name for name in names if len({str(setting_of(run, name)) for run in runs}) > 1]


def setting_of(run: Run, name: str) -> object:
    """A run's model, dataset or setting; one that an older run does not store has its default.

    A prompt that was not decided, by an older version, is none.
    """
    if name in ("model", "dataset"):
        return getattr(run, name)
    value = getattr(run.recipe, name)
    return "" if name in PROMPT_FIELDS and value is None else value


def train_command(run: Run) -> str:
    """Write the command that trains the same recipe on the same dataset and base model.

    Settings at their default are left out, and prompts that the model itself brings.
    """
    options = [f"--dataset={run.dataset}", f"--model={run.model}", f"--epochs={run.recipe.epochs}"]
    for name in FIELDS:
        if name != "epochs" and name not in _left_out(run.recipe) and _differs(run.recipe, name):
            options += _options(name, getattr(run.recipe, name))
    return shlex.join(["python", "-m", "lib", "train", *options])


def _differs(recipe: Recipe, name: str) -> bool:
    return bool(getattr(recipe, name) != FIELDS[name].default)


def _left_out(recipe: Recipe) -> tuple[str, ...]:
    return () if recipe.prompt_source is PromptSource.HAND else PROMPT_FIELDS


def _options(name: str, value: object) -> list[str]:
    """Write a setting as the options of `train`."""
    option = "--" + name.replace("_", "-")
    if isinstance(value, bool):
        return [option if value else f"--no-{name.replace('_', '-')}"]
    if isinstance(value, tuple):
        return [option, *map(str, value)]
    if isinstance(value, str):
        value = value.replace("\n", "\\n")  # as a prompt is typed
    return [f"{option}={value}"]
