"""The settings of runs side by side: model, dataset and recipe."""

from __future__ import annotations

from collections.abc import Sequence

from lib.recipe.options import PROMPT_FIELDS
from lib.recipe.recipe import FIELDS
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
