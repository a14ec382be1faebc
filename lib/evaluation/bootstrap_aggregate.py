"""Paired bootstrap of metrics over all examples at once (a correlation, a median, an area).

docs/statistics.md derives what is computed here and says what was checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.evaluation.bootstrap import (
    MIN_GROUPS,
    POWER_FACTOR,
    PSEUDO_GROUPS,
    TOLERANCE,
    include_zero,
    t_quantile,
    without_interval,
)
from lib.evaluation.difference import CONFIDENCE, Difference
from lib.vectors import TIE

AGGREGATE_RESAMPLES = 1_000
"""Bootstrap resamples, and random swaps of the test: each computes the metric twice."""

AggregateMetric = Callable[[np.ndarray, np.ndarray], float]
"""(values of all examples, rows of a sample) -> number; it may be nan where it is undefined."""


def identity(values: np.ndarray) -> np.ndarray:
    """Pass the values through: both models' lie on one scale."""
    return values


def standardize(values: np.ndarray) -> np.ndarray:
    """Shift and scale the values to mean 0 and standard deviation 1, for a metric that ignores both.

    Values that are equal but for float rounding (TIE) become 0.
    """
    centred = np.asarray(values, float) - np.mean(values)
    return centred / float(centred.std()) if np.ptp(centred) > TIE else np.zeros(len(centred))


def compare_aggregate(
    base: np.ndarray,
    tuned: np.ndarray,
    groups: np.ndarray,
    metric: AggregateMetric,
    *,
    to_common_scale: Callable[[np.ndarray], np.ndarray] = identity,
    span: float = np.inf,
    lower_is_better: bool = False,
    resamples: int = AGGREGATE_RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Compare a metric that is no mean, by resampling and by swapping whole groups.

    The interval joins the bootstrap's percentiles with Student's t on the bootstrap's spread, pseudo-groups added as for
    means: the first alone is too narrow for few groups (Hesterberg 2015), the second where the metric is skewed. The test
    swaps base and tuned of whole groups at random (Yeh 2000), after `to_common_scale` has made their values comparable
    without changing the metric (`average_ranks` where it sees ranks alone).
    """
    rows, members = np.arange(len(base)), GroupMembers.of(groups)
    first, second = metric(base, rows), metric(tuned, rows)
    if len(members) < MIN_GROUPS or not (np.isfinite(first) and np.isfinite(second)):
        return without_interval(base=first, tuned=second, lower_is_better=lower_is_better)
    scaled = to_common_scale(base), to_common_scale(tuned)
    changes = bootstrap_changes(base, tuned, members, metric, resamples=resamples, seed=seed)
    error = bootstrap_error(changes, changed=members.count_changed(*scaled), groups=len(members), span=span)
    if not np.isfinite(error):
        return without_interval(base=first, tuned=second, lower_is_better=lower_is_better)
    p_value = swap_p_value(*scaled, members, metric, resamples=resamples, seed=seed)
    low, high = include_zero(*interval_bounds(changes, second - first, t_quantile(len(members)) * error), p_value)
    return Difference(
        base=float(first),
        tuned=float(second),
        low=max(float(low), -span),
        high=min(float(high), span),
        p_value=p_value,
        detectable=POWER_FACTOR * error,
        lower_is_better=lower_is_better,
    )


@dataclass(frozen=True)
class GroupMembers:
    """Which rows belong to which group.

    group_of_row: by row its group; order: rows, group after group; starts, sizes: by group its stretch of `order`.
    """

    group_of_row: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, groups: np.ndarray) -> GroupMembers:
        """Build the members of the groups that are named by row."""
        _, group_of_row = np.unique(groups, return_inverse=True)
        sizes = np.bincount(group_of_row)
        return cls(group_of_row, np.argsort(group_of_row, kind="stable"), np.cumsum(sizes) - sizes, sizes)

    def __len__(self) -> int:
        return len(self.sizes)

    def resample(self, generator: np.random.Generator) -> np.ndarray:
        """Draw as many groups as there are, with replacement, and list their rows."""
        groups = generator.integers(len(self), size=len(self))
        counts = self.sizes[groups]
        shift = np.repeat(self.starts[groups] - (np.cumsum(counts) - counts), counts)
        return self.order[shift + np.arange(len(shift))]

    def count_changed(self, base: np.ndarray, tuned: np.ndarray) -> int:
        """Count the groups of which any value changed."""
        return int((np.bincount(self.group_of_row, weights=np.abs(base - tuned) > TIE) > 0).sum())


def bootstrap_changes(
    base: np.ndarray,
    tuned: np.ndarray,
    members: GroupMembers,
    metric: AggregateMetric,
    *,
    resamples: int,
    seed: int,
) -> np.ndarray:
    """Compute the metric's change on groups drawn with replacement, as often as it is defined."""
    generator, changes = np.random.default_rng(seed), np.empty(resamples)
    for number in range(resamples):
        rows = members.resample(generator)
        changes[number] = metric(tuned, rows) - metric(base, rows)
    return changes[np.isfinite(changes)]


def bootstrap_error(changes: np.ndarray, *, changed: int, groups: int, span: float) -> float:
    """Compute the standard error of the change: the resamples' spread, widened by the pseudo-groups.

    The spread comes from the c groups that changed, a share of 1 / c of its variance each; k pseudo-groups add k such shares:
    SE = spread * sqrt(1 + k / c). Where nothing spreads, each may change the metric by what one group can, span / groups.
    Infinite where that is unbounded.
    """
    spread = float(changes.std()) if len(changes) > 1 else 0.0
    if spread > 0:
        return spread * float(np.sqrt(1 + PSEUDO_GROUPS / max(1, changed)))
    return float(np.sqrt(PSEUDO_GROUPS)) * span / groups


def interval_bounds(changes: np.ndarray, difference: float, reach: float) -> tuple[float, float]:
    """Compute both ends of the interval: percentiles of the changes (percentile bootstrap).

    At least `reach` away from the difference.
    """
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(changes, [tail, 1 - tail]) if len(changes) else (difference, difference)
    return min(float(low), difference - reach), max(float(high), difference + reach)


def swap_p_value(
    base: np.ndarray,
    tuned: np.ndarray,
    members: GroupMembers,
    metric: AggregateMetric,
    *,
    resamples: int,
    seed: int,
) -> float:
    """Compute the two-sided p-value of the metric's change by swapping base and tuned.

    They are swapped in random groups.

    p = (#{|D*| > |D|} + #{|D*| = |D|} / 2 + 1/2) / (resamples + 1), mid-p as in `sign_flip_p_values`; a swap whose metric is
    undefined counts as larger.
    """
    generator, rows = np.random.default_rng(seed), np.arange(len(base))
    target = abs(metric(tuned, rows) - metric(base, rows))
    if target <= TOLERANCE:
        return 1.0
    reached = 0.0
    for _ in range(resamples):
        swap = (generator.random(len(members)) < 0.5)[members.group_of_row]
        change = abs(metric(np.where(swap, base, tuned), rows) - metric(np.where(swap, tuned, base), rows))
        reached += (float(not change < target - TOLERANCE) + float(not change <= target + TOLERANCE)) / 2
    return (reached + 0.5) / (resamples + 1)
