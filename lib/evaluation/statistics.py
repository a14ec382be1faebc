"""Paired statistics for base against tuned on the same examples: intervals, a test, and what this many could show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000
CONFIDENCE = 0.95
POWER_FACTOR = 1.959964 + 0.841621
"""z(97.5%) + z(80%): a true difference of this many standard errors is found four times in five."""


@dataclass(frozen=True)
class Difference:
    """Base and tuned mean of one measure, their difference with a 95% interval, and the test's p-value.

    detectable: the smallest true difference that this many examples would find with 80% power.
    """

    base: float
    tuned: float
    low: float
    high: float
    p_value: float
    detectable: float

    @property
    def difference(self) -> float:
        """Return tuned minus base."""
        return self.tuned - self.base

    @property
    def verdict(self) -> str:
        """Return better, worse, or no clear change when the interval holds zero."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no clear change"


def compare(base: np.ndarray, tuned: np.ndarray, groups: np.ndarray, *, seed: int = 0) -> Difference:
    """Compare two measures of the same examples, by example; groups are examples that belong together.

    The interval is a cluster bootstrap over groups (Efron & Tibshirani 1993; resampled groups keep what is dependent
    together), studentised by the group totals' own spread so that few groups do not look certain (bootstrap-t). The test
    flips the sign of whole groups' differences (paired randomization).
    """
    change = np.asarray(tuned, dtype=float) - np.asarray(base, dtype=float)
    sums, counts = by_group(change, groups)
    mean = float(sums.sum() / counts.sum())
    error = standard_error(sums, counts)
    low, high = interval(sums, counts, mean, error, seed=seed)
    return Difference(
        base=float(np.mean(base)),
        tuned=float(np.mean(tuned)),
        low=low,
        high=high,
        p_value=randomization(sums, seed=seed),
        detectable=POWER_FACTOR * error,
    )


def by_group(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sum and number of the values of each group."""
    _, place = np.unique(groups, return_inverse=True)
    return np.bincount(place, weights=values), np.bincount(place).astype(float)


def standard_error(sums: np.ndarray, counts: np.ndarray) -> float:
    """Return the standard error of the mean over all examples when groups are the independent units (ratio estimator)."""
    number = len(sums)
    if number < 2:
        return float("inf")
    residual = sums - counts * sums.sum() / counts.sum()
    return float(np.sqrt(number / (number - 1) * (residual**2).sum()) / counts.sum())


def interval(
    sums: np.ndarray, counts: np.ndarray, mean: float, error: float, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the 95% bootstrap-t interval of the mean; without any spread it is the mean itself."""
    if not np.isfinite(error):
        return -np.inf, np.inf
    if error == 0.0:
        return mean, mean
    generator, number = np.random.default_rng(seed), len(sums)
    weights = generator.multinomial(number, np.full(number, 1.0 / number), size=resamples)
    totals = weights @ counts
    means = (weights @ sums) / totals
    squares = (weights * (sums[None] - counts[None] * means[:, None]) ** 2).sum(axis=1)
    errors = np.sqrt(number / (number - 1) * squares) / totals
    t = (means - mean) / np.maximum(errors, error * 0.05)
    tail = (1 - CONFIDENCE) / 2
    lower, upper = np.quantile(t, [tail, 1 - tail])
    return float(mean - upper * error), float(mean - lower * error)


def randomization(sums: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES) -> float:
    """Return the two-sided p-value of the mean difference under random signs of the groups' sums."""
    moved = sums[sums != 0]
    if len(moved) == 0:
        return 1.0
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=(resamples, len(moved)))
    reached = np.abs(signs @ moved) >= abs(moved.sum()) - 1e-12
    return float((reached.sum() + 1) / (resamples + 1))


def statistic_interval(
    base: np.ndarray, tuned: np.ndarray, groups: np.ndarray, statistic: object, *, seed: int = 0, resamples: int = 400
) -> Difference:
    """Compare a measure that is no mean (a correlation, an average precision) by a cluster bootstrap of percentiles.

    statistic: function of (values, rows) -> number, where rows are the chosen examples.
    """
    assert callable(statistic)
    generator = np.random.default_rng(seed)
    _, place = np.unique(groups, return_inverse=True)
    order = np.argsort(place, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(place))[:-1])
    everything = np.arange(len(place))
    first, second = statistic(base, everything), statistic(tuned, everything)
    changes = []
    for _ in range(resamples):
        rows = np.concatenate([members[g] for g in generator.integers(len(members), size=len(members))])
        value = statistic(tuned, rows) - statistic(base, rows)
        if np.isfinite(value):
            changes.append(value)
    low, high = np.quantile(changes, [0.025, 0.975]) if changes else (-np.inf, np.inf)
    spread = float(np.std(changes)) if changes else float("inf")
    beyond = min(np.mean(np.array(changes) <= 0), np.mean(np.array(changes) >= 0)) if changes else 1.0
    return Difference(
        float(first), float(second), float(low), float(high), float(min(1.0, 2 * beyond)), POWER_FACTOR * spread
    )
