"""What a report says of two runs: their tuned models on the same pairs, and settings that differ."""

from __future__ import annotations

from dataclasses import dataclass

from lib.evaluation.compare_runs import compare_tuned_models
from lib.evaluation.store import load_pairs
from lib.format import format_change, metric_title
from lib.recipe.setting_texts import format_setting
from lib.store.datasets import Dataset
from lib.store.run_settings import SETTING_TITLES, differing_settings, setting_of
from lib.store.runs import Run


@dataclass(frozen=True)
class ComparisonReport:
    """Two runs, the second against the first.

    settings: title, value of the first, value of the second.
    """

    sentences: tuple[str, ...]
    settings: tuple[tuple[str, str, str], ...]


def build_comparison(one: Run, other: Run, dataset: Dataset) -> ComparisonReport:
    """Compare two runs; of two datasets only their settings can be. dataset: the first run's."""
    settings = tuple(
        (
            SETTING_TITLES[name],
            format_setting(name, setting_of(one, name)),
            format_setting(name, setting_of(other, name)),
        )
        for name in differing_settings([one, other])
    )
    return ComparisonReport(_sentences(one, other, dataset), settings)


def _sentences(one: Run, other: Run, dataset: Dataset) -> tuple[str, ...]:
    if one.dataset != other.dataset:
        return ("The runs use different datasets, and so different held-out pairs: their numbers can't be compared.",)
    changes = compare_tuned_models(load_pairs(one), load_pairs(other), dataset.frame()["component"])
    if not changes:
        return ("The held-out examples have no ranks that could be compared pair by pair.",)
    return tuple(
        f"{metric_title(key)} of {other.name} against {one.name}: {format_change(key, change)}: {change.verdict}."
        for key, change in changes.items()
    )
