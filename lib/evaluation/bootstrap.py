"""Paired statistics for base against tuned on the same examples: intervals, a test, and what this many could show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 2_000
CONFIDENCE = 0.95
POWER_FACTOR = 1.959964 + 0.841621
"""z(97.5%) + z(80%): a true difference of this many standard errors is found four times in five."""

CELLS = 4_000_000
"""Resampled weights held at once: 32 MB in float64."""

MIN_GROUPS = 6
"""With fewer independent groups even a change of all alike has a chance of 6% (2 / 2**5): they get no interval and no verdict."""

TOLERANCE = 1e-12
"""A sum of changes below this is none: that much is rounding."""

PSEUDO_GROUPS = 2
"""Groups that are thought to have changed, one for better and one for worse, beside those that did: so few changes as
none, or three of a hundred, do not look certain. For paired shares these are Bonett & Price 2012 (after Agresti & Min 2005)."""


@dataclass(frozen=True)
class Difference:
    """Base and tuned value of one measure, the 95% interval of their difference, and the test's p-value.

    detectable: the smallest true difference that this many examples would find with 80% power. A value that cannot be
    measured is nan; an interval that so few groups cannot have is infinite.
    """

    base: float
    tuned: float
    low: float
    high: float
    p_value: float
    detectable: float
    lower_is_better: bool = False

    @property
    def difference(self) -> float:
        """Return tuned minus base."""
        return self.tuned - self.base

    @property
    def verdict(self) -> str:
        """Return better or worse where interval and test agree that there is a change, else no clear change."""
        if not self.p_value <= 1 - CONFIDENCE or not (self.low > 0 or self.high < 0):
            return "no clear change"
        return "better" if (self.low > 0) != self.lower_is_better else "worse"


def without_interval(*, base: float = np.nan, tuned: float = np.nan, lower_is_better: bool = False) -> Difference:
    """Return what is known of a measure that has no interval."""
    return Difference(float(base), float(tuned), -np.inf, np.inf, 1.0, np.inf, lower_is_better)


def compare(
    base: np.ndarray, tuned: np.ndarray, groups: np.ndarray, *, span: float = np.inf, seed: int = 0
) -> Difference:
    """Compare one measure of the same examples, by example; groups are examples that belong together."""
    return compare_means({"": base}, {"": tuned}, groups, span=span, seed=seed)[""]


def compare_means(
    base: Mapping[str, np.ndarray],
    tuned: Mapping[str, np.ndarray],
    groups: np.ndarray,
    *,
    span: float = np.inf,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare the means of several measures of the same examples on the same resamples.

    The interval is a cluster bootstrap over groups (Efron & Tibshirani 1993; resampled groups keep what is dependent
    together), studentised by the group totals' own spread (bootstrap-t). The test flips the sign of whole groups'
    differences (paired randomization; Fisher 1935). span: the largest change that the measures can show.
    """
    change = np.stack([np.asarray(tuned[name], float) - np.asarray(base[name], float) for name in base], axis=1)
    sums, counts = group_sums(change, groups)
    means = sums.sum(axis=0) / counts.sum()
    errors = standard_errors(sums, counts, span=span)
    low, high = bootstrap_t_intervals(sums, counts, means, errors, span=span, seed=seed)
    p_values = sign_flip_p_values(sums, seed=seed)
    low, high = include_zero(np.maximum(low, -span), np.minimum(high, span), p_values)
    return {
        name: Difference(
            base=float(np.mean(base[name])),
            tuned=float(np.mean(tuned[name])),
            low=float(low[at]),
            high=float(high[at]),
            p_value=float(p_values[at]),
            detectable=float(POWER_FACTOR * errors[at]),
        )
        if len(sums) >= MIN_GROUPS
        else without_interval(base=float(np.mean(base[name])), tuned=float(np.mean(tuned[name])))
        for at, name in enumerate(base)
    }


def include_zero(low: Any, high: Any, p_value: Any) -> tuple[Any, Any]:
    """Return the interval, reaching to zero where the test does not rule zero out: both then say the same. Numbers or arrays."""
    possible = p_value > 1 - CONFIDENCE
    return np.where(possible, np.minimum(low, 0.0), low), np.where(possible, np.maximum(high, 0.0), high)


def group_sums(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums (groups, measures) and the number of examples of each group."""
    _, place = np.unique(groups, return_inverse=True)
    sums = np.stack([np.bincount(place, weights=column) for column in values.T], axis=1)
    return sums, np.bincount(place).astype(float)


def pseudo_group_variance(sums: np.ndarray, counts: np.ndarray, *, span: float) -> np.ndarray:
    """Return by measure the variance that the pseudo-groups add to that of the mean.

    They are as large as the changed groups are in the root mean square; where none changed, as large as a whole group can.
    """
    moved = (np.abs(sums) > TOLERANCE).sum(axis=0)
    typical = np.where(moved > 0, (sums**2).sum(axis=0) / np.maximum(moved, 1), (span * counts.mean()) ** 2)
    return PSEUDO_GROUPS * typical / counts.sum() ** 2


def standard_errors(sums: np.ndarray, counts: np.ndarray, *, span: float = np.inf) -> np.ndarray:
    """Return by measure the standard error of the mean when groups are the independent units (ratio estimator)."""
    number = len(sums)
    if number < 2:
        return np.full(sums.shape[1], np.inf)
    residual = sums - counts[:, None] * sums.sum(axis=0) / counts.sum()
    variance = number / (number - 1) * (residual**2).sum(axis=0) / counts.sum() ** 2
    return np.sqrt(variance + pseudo_group_variance(sums, counts, span=span))


def bootstrap_t_intervals(
    sums: np.ndarray, counts: np.ndarray, means: np.ndarray, errors: np.ndarray, *, span: float = np.inf, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return by measure the 95% interval of the mean.

    Each end is as many standard errors away as the bootstrap says (bootstrap-t: skewed changes have a long side), and at
    least as many as Student's t says, which knows that so few groups resample too little.
    """
    if len(sums) < MIN_GROUPS:
        return np.full(len(means), -np.inf), np.full(len(means), np.inf)
    floor = pseudo_group_variance(sums, counts, span=span)
    ratios = np.concatenate(list(studentized_means(sums, counts, means, floor, seed=seed)))
    tail = (1 - CONFIDENCE) / 2
    lower, upper = np.quantile(ratios, [tail, 1 - tail], axis=0)
    least = t_quantile(len(sums))
    return means - np.maximum(upper, least) * errors, means + np.maximum(-lower, least) * errors


def studentized_means(
    sums: np.ndarray, counts: np.ndarray, means: np.ndarray, floor: np.ndarray, *, seed: int
) -> Iterator[np.ndarray]:
    """Yield in blocks how many of its own standard errors each resampled mean lies from the mean, (resamples, measures)."""
    number = len(sums)
    factor = number / max(1, number - 1)
    for weights in bootstrap_weights(number, seed=seed):
        totals = (weights @ counts)[:, None]
        centre = (weights @ sums) / totals
        squares = (  # the sum of w (s - c m)^2, multiplied out so that no (resamples, groups, measures) array is made
            weights @ sums**2
            - 2 * centre * (weights @ (sums * counts[:, None]))
            + centre**2 * (weights @ counts**2)[:, None]
        )
        spread = np.sqrt(factor * np.maximum(squares, 0.0) / totals**2 + floor)
        yield (centre - means) / np.maximum(spread, 1e-300)


def t_quantile(number: int) -> float:
    """Return how many standard errors an end of the 95% interval of a mean of this many lies away (Student 1908)."""
    from scipy.stats import t

    return float(t.ppf(1 - (1 - CONFIDENCE) / 2, number - 1))


def bootstrap_weights(number: int, *, seed: int) -> Iterator[np.ndarray]:
    """Yield in blocks how often each of `number` groups was drawn, (resamples, groups), with replacement."""
    generator, left = np.random.default_rng(seed), RESAMPLES
    while left:
        size = min(left, max(1, CELLS // number))
        drawn = generator.integers(number, size=(size, number)) + np.arange(size)[:, None] * number
        yield np.bincount(drawn.ravel(), minlength=size * number).reshape(size, number).astype(float)
        left -= size


def sign_flip_p_values(sums: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return by measure the two-sided p-value of the mean difference under random signs of the groups' sums.

    What is exactly as large as what was found counts half (mid-p: Lancaster 1961; for paired shares Fagerland et al. 2013):
    counted whole, shares of few hundred pairs would be tested at 3% instead of 5%.
    """
    generator, left = np.random.default_rng(seed), RESAMPLES
    moved = sums[(sums != 0).any(axis=1)]
    target = np.abs(moved.sum(axis=0))
    slack = 1e-9 * np.maximum(1.0, target)
    reached = np.zeros(sums.shape[1])
    while left and len(moved):
        size = min(left, max(1, CELLS // len(moved)))
        signs = generator.integers(0, 2, size=(size, len(moved))) * 2.0 - 1.0
        found = np.abs(signs @ moved)
        reached += ((found >= target - slack).sum(axis=0) + (found > target + slack).sum(axis=0)) / 2
        left -= size
    return np.where(target <= slack, 1.0, (reached + 0.5) / (RESAMPLES + 1))
