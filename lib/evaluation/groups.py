"""Quality by group: base against tuned model for each value of a column of the data.

From stored per-pair results, by the metric and the statistics of the verdict. docs/statistics.md says what is computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lib.evaluation.agreement import average_precision, average_ranks, spearman_correlation
from lib.evaluation.bootstrap import MIN_GROUPS, bootstrap_weights, compare_means, group_sums, t_quantile
from lib.evaluation.bootstrap_aggregate import (
    AGGREGATE_RESAMPLES,
    AggregateMetric,
    GroupMembers,
    bootstrap_error,
    compare_aggregate,
    interval_bounds,
)
from lib.evaluation.difference import Difference
from lib.evaluation.multiple_comparisons import correct_differences
from lib.evaluation.verdict import ROUGH_GROUPS
from lib.metrics import primary_metric
from lib.shapes import TWO_ROLES, Shape


@dataclass(frozen=True)
class GroupQuality:
    """The verdict's metric on the examples with one value of a column.

    examples: queries where they are ranked, else rows; units: independent groups among them. change: base and tuned, the verdict
    corrected for the number of values (Holm); low, high: 95% interval of the tuned value, nan where there are too few units.
    """

    value: str
    examples: int
    units: int
    change: Difference
    low: float = np.nan
    high: float = np.nan

    @property
    def is_measurable(self) -> bool:
        """Whether there are enough independent groups for an interval, and the metric is defined."""
        return self.units >= MIN_GROUPS and bool(np.isfinite(self.change.tuned))

    @property
    def is_rough(self) -> bool:
        """Whether so few independent groups make the interval approximate."""
        return self.units < ROUGH_GROUPS


@dataclass(frozen=True)
class _Sample:
    """Values of both models (n,) for the metric, its range, and the independent group of each example.

    metric: None for the mean; goal: (n,) scores or matches that the metric needs.
    """

    base: np.ndarray
    tuned: np.ndarray
    units: np.ndarray
    least: float
    goal: np.ndarray | None = None
    metric: AggregateMetric | None = None


def compare_groups(pairs: pd.DataFrame, values: pd.Series, shape: Shape) -> list[GroupQuality]:
    """Compare both models on each value of a column, the worst tuned value first.

    Those with too few examples stand last.

    pairs: per-pair results of an evaluation; values: by row the column's value, "" where it has none (left out).
    """
    names = values.fillna("").astype(str).to_numpy(object)
    groups = [_measure(name, pairs[names == name], pairs, shape) for name in sorted(set(names) - {""})]
    corrected = correct_differences([group.change for group in groups])
    groups = [replace(group, change=change) for group, change in zip(groups, corrected, strict=True)]
    return sorted(groups, key=lambda group: (not group.is_measurable, _order(group.change.tuned), group.value))


def _order(value: float) -> float:
    return value if np.isfinite(value) else np.inf


def _measure(value: str, some: pd.DataFrame, pairs: pd.DataFrame, shape: Shape) -> GroupQuality:
    """Measure the rows of one value."""
    sample = _sample(some, pairs, shape)
    units = len(np.unique(sample.units))
    change = _compare(sample, shape)
    low, high = tuned_interval(sample) if units >= MIN_GROUPS and np.isfinite(change.tuned) else (np.nan, np.nan)
    return GroupQuality(value, len(sample.units), units, change, low, high)


def _sample(some: pd.DataFrame, pairs: pd.DataFrame, shape: Shape) -> _Sample:
    """Collect what the verdict's metric needs of these rows.

    Top-1 accuracy is by query: a query is answered where any of its right targets, of whichever value, comes first.
    """
    if shape in TWO_ROLES:
        best = pairs.groupby("anchor")[["base_rank", "tuned_rank"]].min() <= 1
        queries = some.drop_duplicates("anchor")
        hits = best.loc[queries["anchor"]].to_numpy(np.float64)
        return _Sample(hits[:, 0], hits[:, 1], queries["component"].to_numpy(), 0.0)
    names = "neighbours" if shape is Shape.LABELLED_TEXTS else "cosine"
    base, tuned = (some[f"{model}_{names}"].to_numpy(np.float64) for model in ("base", "tuned"))
    units = some["component"].to_numpy()
    if shape is Shape.LABELLED_TEXTS:
        return _Sample(base, tuned, units, 0.0)
    if shape is Shape.SCORED:
        scores = some["score"].to_numpy(np.float64)
        return _Sample(base, tuned, units, -1.0, scores, lambda v, rows: spearman_correlation(v[rows], scores[rows]))
    is_match = (some["label"].astype(str) == "1").to_numpy(np.float64)
    return _Sample(base, tuned, units, 0.0, is_match, lambda v, rows: average_precision(is_match[rows], v[rows]))


def _compare(sample: _Sample, shape: Shape) -> Difference:
    """Compare both models as the verdict does."""
    if sample.metric is None:
        name = primary_metric(shape)
        return compare_means({name: sample.base}, {name: sample.tuned}, sample.units, span=1.0)[name]
    if sample.goal is None or len(np.unique(sample.goal)) < 2:
        return Difference(np.nan, np.nan)
    return compare_aggregate(
        sample.base,
        sample.tuned,
        sample.units,
        sample.metric,
        to_common_scale=average_ranks,
        span=1.0 - sample.least,
    )


def tuned_interval(sample: _Sample, *, seed: int = 0) -> tuple[float, float]:
    """Compute the 95% interval of the tuned value on resamples of the independent groups.

    Percentiles joined with Student's t, as for a change that is no mean (`compare_aggregate`), with the pseudo-groups' share of the variance, so that an accuracy of 100%
    on twenty examples does not look certain. Cut to the metric's range.
    """
    members = GroupMembers.of(sample.units)
    estimates = np.fromiter(_resampled(sample, members, seed=seed), np.float64)
    estimates = estimates[np.isfinite(estimates)]
    error = bootstrap_error(estimates, changed=len(members), groups=len(members), span=1.0 - sample.least)
    value = _value(sample)
    low, high = interval_bounds(estimates, value, t_quantile(len(members)) * error)
    return max(low, sample.least), min(high, 1.0)


def _value(sample: _Sample) -> float:
    if sample.metric is None:
        return float(sample.tuned.mean())
    return sample.metric(sample.tuned, np.arange(len(sample.tuned)))


def _resampled(sample: _Sample, members: GroupMembers, *, seed: int) -> Iterator[float]:
    """Compute the tuned value on resamples of the independent groups."""
    if sample.metric is None:
        sums, counts = group_sums(sample.tuned[:, None], sample.units)
        for weights in bootstrap_weights(len(sums), seed=seed):
            yield from ((weights @ sums[:, 0]) / (weights @ counts)).tolist()
        return
    generator = np.random.default_rng(seed)
    for _ in range(AGGREGATE_RESAMPLES):
        yield sample.metric(sample.tuned, members.resample(generator))
