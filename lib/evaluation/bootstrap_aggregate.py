"""Paired statistics for measures of all examples at once, which no example has alone: a correlation, a median."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.evaluation.bootstrap import (
    CONFIDENCE,
    MIN_GROUPS,
    NOTHING,
    POWER_FACTOR,
    PSEUDO_GROUPS,
    Difference,
    students_t,
    unmeasured,
    with_zero,
)

RESAMPLES = 1_000
Statistic = Callable[[np.ndarray, np.ndarray], float]
"""(values of all examples, chosen rows) -> number; it may be nan where it is undefined."""


def as_they_are(values: np.ndarray) -> np.ndarray:
    """Return the values: both models' lie on one scale."""
    return values


def standardised(values: np.ndarray) -> np.ndarray:
    """Return the values with mean 0 and spread 1, for a statistic that sees no more than that."""
    centred = np.asarray(values, float) - np.mean(values)
    return centred / max(float(centred.std()), 1e-300)


def compare_whole(
    base: np.ndarray,
    tuned: np.ndarray,
    groups: np.ndarray,
    statistic: Statistic,
    *,
    on_one_scale: Callable[[np.ndarray], np.ndarray] = as_they_are,
    span: float = np.inf,
    lower_is_better: bool = False,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Compare a measure that is no mean, by resampling and by swapping whole groups.

    The interval joins the bootstrap's percentiles with Student's t on the bootstrap's spread, pseudo-groups added as for
    means: the first alone is too narrow for few groups (Hesterberg 2015), the second where the measure is skewed. The test
    swaps base and tuned of whole groups at random (Yeh 2000), after `on_one_scale` has made their values comparable
    without changing the statistic (`curves.ranks` where it sees ranks alone).
    """
    everything, members = np.arange(len(base)), Members.of(groups)
    first, second = statistic(base, everything), statistic(tuned, everything)
    if len(members) < MIN_GROUPS or not (np.isfinite(first) and np.isfinite(second)):
        return unmeasured(base=first, tuned=second, lower_is_better=lower_is_better)
    scaled = on_one_scale(base), on_one_scale(tuned)
    changes = resampled_changes(base, tuned, members, statistic, resamples=resamples, seed=seed)
    error = standard_error(changes, moved=members.moved(*scaled), groups=len(members), span=span)
    if not np.isfinite(error):
        return unmeasured(base=first, tuned=second, lower_is_better=lower_is_better)
    p_value = swapped(*scaled, members, statistic, resamples=resamples, seed=seed)
    low, high = with_zero(*ends(changes, second - first, students_t(len(members)) * error), p_value)
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
class Members:
    """Which rows belong to which group. place: by row its group; order: rows, group after group; starts, sizes: by group in it."""

    place: np.ndarray
    order: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, groups: np.ndarray) -> Members:
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


def resampled_changes(
    base: np.ndarray,
    tuned: np.ndarray,
    members: Members,
    statistic: Statistic,
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


def standard_error(changes: np.ndarray, *, moved: int, groups: int, span: float) -> float:
    """Return the spread of the resampled changes with that of the pseudo-groups; inf where there is nothing to tell it from.

    Of `moved` groups that changed each has its share in the spread; the pseudo-groups add two such shares. Where nothing
    spreads, each may change the measure by what one group can.
    """
    spread = float(changes.std()) if len(changes) > 1 else 0.0
    if spread > 0:
        return spread * float(np.sqrt(1 + PSEUDO_GROUPS / max(1, moved)))
    return float(np.sqrt(PSEUDO_GROUPS)) * span / groups


def ends(changes: np.ndarray, difference: float, reach: float) -> tuple[float, float]:
    """Return the lower and upper end: percentiles of the changes, at least `reach` from the difference."""
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(changes, [tail, 1 - tail]) if len(changes) else (difference, difference)
    return min(float(low), difference - reach), max(float(high), difference + reach)


def swapped(
    base: np.ndarray,
    tuned: np.ndarray,
    members: Members,
    statistic: Statistic,
    *,
    resamples: int,
    seed: int,
) -> float:
    """Return the two-sided p-value of the statistic's change when base and tuned are swapped in random groups (mid-p)."""
    generator, everything = np.random.default_rng(seed), np.arange(len(base))
    target = abs(statistic(tuned, everything) - statistic(base, everything))
    if target <= NOTHING:
        return 1.0
    reached = 0.0
    for _ in range(resamples):
        swap = (generator.random(len(members)) < 0.5)[members.place]
        change = statistic(np.where(swap, base, tuned), everything) - statistic(np.where(swap, tuned, base), everything)
        reached += (float(not abs(change) < target - NOTHING) + float(not abs(change) <= target + NOTHING)) / 2
    return (reached + 0.5) / (resamples + 1)
