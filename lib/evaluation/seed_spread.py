"""One training repeated with several seeds: how much of a result is luck.

A single score of a random training says little of the next one; reported are mean and standard deviation over the seeds
(Reimers & Gurevych 2017, Reporting score distributions makes a difference, EMNLP).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from lib.errors import InputError
from lib.format import format_count, format_difference, format_magnitude, format_metric, metric_title
from lib.store.headline import Headline
from lib.store.runs import Run


@dataclass(frozen=True)
class Spread:
    """Values over seeds: mean, standard deviation (of a sample, n - 1), smallest and largest."""

    mean: float
    deviation: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Compute the spread of two values or more."""
        return cls(fmean(values), stdev(values), min(values), max(values))

    def to_json(self) -> dict[str, float]:
        """Build what --json prints."""
        return dict(vars(self))


@dataclass(frozen=True)
class SeedGroup:
    """Evaluated runs that differ in their seed alone, by rising seed; at least two."""

    runs: tuple[Run, ...]
    headlines: tuple[Headline, ...]

    @property
    def metric(self) -> str:
        """The metric of the runs' headlines."""
        return self.headlines[0].metric

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, rising."""
        return tuple(run.recipe.seed for run in self.runs)

    @property
    def tuned(self) -> Spread:
        """The tuned models' metric over the seeds."""
        return Spread.of([one.tuned for one in self.headlines])

    @property
    def difference(self) -> Spread:
        """Tuned minus base over the seeds."""
        return Spread.of([one.difference for one in self.headlines])

    @property
    def better(self) -> int:
        """How many of the runs are clearly better than the base model, each by itself."""
        return sum(one.verdict == "better" for one in self.headlines)

    @property
    def sentence(self) -> str:
        """The spread in words."""
        metric, tuned, change = self.metric, self.tuned, self.difference
        return (
            f"Over {format_count(len(self.runs), 'seed')}: {metric_title(metric)} {format_metric(metric, tuned.mean)} on "
            f"average, standard deviation {format_magnitude(metric, tuned.deviation)}, "
            f"from {format_metric(metric, tuned.low)} to {format_metric(metric, tuned.high)}; "
            f"difference {format_difference(metric, change.mean, unit=True)} on average, "
            f"better in {self.better} of {len(self.runs)}."
        )

    def to_json(self) -> dict[str, Any]:
        """Build what --json prints."""
        return {
            "model": self.runs[0].model,
            "runs": [run.id for run in self.runs],
            "seeds": list(self.seeds),
            "metric": self.metric,
            "tuned": self.tuned.to_json(),
            "difference": self.difference.to_json(),
            "better": self.better,
        }


def find_seed_groups(runs: Iterable[Run]) -> list[SeedGroup]:
    """Group evaluated runs whose dataset, base model and settings but the seed are equal.

    In the order of the first run of each; of two with one seed the first counts. A run alone is no group.
    """
    found: dict[str, dict[int, Run]] = {}
    for run in runs:
        if run.headline is not None and (key := _group_key(run)):
            found.setdefault(f"{key} {run.headline.metric}", {}).setdefault(run.recipe.seed, run)
    groups = (sorted(group.values(), key=lambda run: run.recipe.seed) for group in found.values() if len(group) > 1)
    return [SeedGroup(tuple(group), tuple(run.headline for run in group if run.headline)) for group in groups]


def find_seed_group(run: Run, runs: Iterable[Run]) -> SeedGroup | None:
    """Find the group that a run belongs to; None where it was not repeated, or no repeat is evaluated yet."""
    same = [one for one in runs if one.dataset == run.dataset and one.model == run.model and one.id != run.id]
    return next((group for group in find_seed_groups([run, *same]) if run in group.runs), None)


def _group_key(run: Run) -> str:
    """Write all that a training depends on but its seed; empty for a recipe that cannot be read."""
    try:
        settings = {name: value for name, value in run.recipe.to_json().items() if name != "seed"}
    except InputError:
        return ""
    return json.dumps([run.dataset, run.model, settings], sort_keys=True)
