"""Paired statistics for measures of all examples at once, which no example has alone: a correlation, a median."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.evaluation.bootstrap import (
    CONFIDENCE,
    MIN_GROUPS,
    POWER_FACTOR,
    PSEUDO_GROUPS,
    TOLERANCE,
    Difference,
    include_zero,
    t_quantile,
    without_interval,
)

AGGREGATE_RESAMPLES = 1_000
AggregateMetric = Callable[[np.ndarray, np.ndarray], float]
"""(values of all examples, chosen rows) -> number; it may be nan where it is undefined."""


def identity(values: np.ndarray) -> np.ndarray:
    """Return the values: both models' lie on one scale."""
    return values


def standardize(values: np.ndarray) -> np.ndarray:
    """Return the values with mean 0 and spread 1, for a statistic that sees no more than that."""
    centred = np.asarray(values, float) - np.mean(values)
    return centred / max(float(centred.std()), 1e-300)


def compare_aggregate(
    base: np.ndarray,
    tuned: np.ndarray,
    groups: np.ndarray,
    statistic: AggregateMetric,
    *,
    on_one_scale: Callable[[np.ndarray], np.ndarray] = identity,
    span: float = np.inf,
    lower_is_better: bool = False,
    resamples: int = AGGREGATE_RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Compare a measure that is no mean, by resampling and by swapping whole groups.

    The interval joins the bootstrap's percentiles with Student's t on the bootstrap's spread, pseudo-groups added as for
    means: the first alone is too narrow for few groups (Hesterberg 2015), the second where the measure is skewed. The test
    swaps base and tuned of whole groups at random (Yeh 2000), after `on_one_scale` has made their values comparable
    without changing the statistic (`average_ranks` where it sees ranks alone).
    """
    everything, members = np.arange(len(base)), GroupMembers.of(groups)
    first, second = statistic(base, everything), statistic(tuned, everything)
    if len(members) < MIN_GROUPS or not (np.isfinite(first) and np.isfinite(second)):
        return without_interval(base=first, tuned=second, lower_is_better=lower_is_better)
    scaled = on_one_scale(base), on_one_scale(tuned)
    changes = bootstrap_changes(base, tuned, members, statistic, resamples=resamples, seed=seed)
    error = bootstrap_error(changes, moved=members.moved(*scaled), groups=len(members), span=span)
    if not np.isfinite(error):
        return without_interval(base=first, tuned=second, lower_is_better=lower_is_better)
    p_value = swap_p_value(*scaled, members, statistic, resamples=resamples, seed=seed)
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
    """Which rows belong to which group. place: by row its group; order: rows, group after group; starts, sizes: by group in it."""

    place: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, groups: np.ndarray) -> GroupMembers:
        """Return the members of the groups that are named by row."""
        _, place = np.unique(groups, return_inverse=True)
        sizes = np.bincount(place)
        return cls(place, np.argsort(place, kind="stable"), np.cumsum(sizes) - sizes, sizes)

    def __len__(self) -> int:
        return len(self.sizes)

    def drawn(self, generator: np.random.Generator) -> np.ndarray:
        """Return the rows of as many groups as there are, drawn with replacement."""
        chosen = generator.integers(len(self), size=len(self))
        counts = self.sizes[chosen]
        shift = np.repeat(self.starts[chosen] - (np.cumsum(counts) - counts), counts)
        return self.order[shift + np.arange(len(shift))]

    def moved(self, base: np.ndarray, tuned: np.ndarray) -> int:
        """Return of how many groups any value changed."""
        return int((np.bincount(self.place, weights=base != tuned) > 0).sum())


def bootstrap_changes(
    base: np.ndarray,
    tuned: np.ndarray,
    members: GroupMembers,
    statistic: AggregateMetric,
    *,
    resamples: int,
    seed: int,
) -> np.ndarray:
    """Return the statistic's change on groups drawn with replacement, as often as it is defined."""
    generator, found = np.random.default_rng(seed), []
    for _ in range(resamples):
        rows = members.drawn(generator)
        found.append(statistic(tuned, rows) - statistic(base, rows))
    changes = np.array(found)
    return changes[np.isfinite(changes)]


def bootstrap_error(changes: np.ndarray, *, moved: int, groups: int, span: float) -> float:
    """Return the spread of the resampled changes with that of the pseudo-groups; inf where there is nothing to tell it from.

    Of `moved` groups that changed each has its share in the spread; the pseudo-groups add two such shares. Where nothing
    spreads, each may change the measure by what one group can.
    """
    spread = float(changes.std()) if len(changes) > 1 else 0.0
    if spread > 0:
        return spread * float(np.sqrt(1 + PSEUDO_GROUPS / max(1, moved)))
    return float(np.sqrt(PSEUDO_GROUPS)) * span / groups


def interval_bounds(changes: np.ndarray, difference: float, reach: float) -> tuple[float, float]:
    """Return the lower and upper end: percentiles of the changes, at least `reach` from the difference."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(changes, [tail, 1 - tail]) if len(changes) else (difference, difference)
    return min(float(low), difference - reach), max(float(high), difference + reach)


def swap_p_value(
    base: np.ndarray,
    tuned: np.ndarray,
    members: GroupMembers,
    statistic: AggregateMetric,
    *,
    resamples: int,
    seed: int,
) -> float:
    """Return the two-sided p-value of the statistic's change when base and tuned are swapped in random groups (mid-p)."""
    generator, everything = np.random.default_rng(seed), np.arange(len(base))
    target = abs(statistic(tuned, everything) - statistic(base, everything))
    if target <= TOLERANCE:
        return 1.0
    reached = 0.0
    for _ in range(resamples):
        swap = (generator.random(len(members)) < 0.5)[members.place]
        change = statistic(np.where(swap, base, tuned), everything) - statistic(np.where(swap, tuned, base), everything)
        reached += (float(not abs(change) < target - TOLERANCE) + float(not abs(change) <= target + TOLERANCE)) / 2
    return (reached + 0.5) / (resamples + 1)
