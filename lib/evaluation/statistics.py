"""Paired statistics for base against tuned on the same examples: intervals, a test, and what this many could show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000
CONFIDENCE = 0.95
POWER_FACTOR = 1.959964 + 0.841621
"""z(97.5%) + z(80%): a true difference of this many standard errors is found four times in five."""

CELLS = 4_000_000
"""Resampled weights held at once: 32 MB in float64."""

MIN_GROUPS = 6
"""With fewer independent groups no randomization test can reach 5% (2 / 2**5 is above it), so none is called clear."""


@dataclass(frozen=True)
class Difference:
    """Base and tuned value of one measure, the 95% interval of their difference, and the test's p-value.

    detectable: the smallest true difference that this many examples would find with 80% power.
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
        if self.p_value > 1 - CONFIDENCE or self.low <= 0 <= self.high:
            return "no clear change"
        return "better" if (self.low > 0) != self.lower_is_better else "worse"


def compare(base: np.ndarray, tuned: np.ndarray, groups: np.ndarray, *, seed: int = 0) -> Difference:
    """Compare one measure of the same examples, by example; groups are examples that belong together."""
    return compare_all({"": base}, {"": tuned}, groups, seed=seed)[""]


def compare_all(
    base: Mapping[str, np.ndarray], tuned: Mapping[str, np.ndarray], groups: np.ndarray, *, seed: int = 0
) -> dict[str, Difference]:
    """Compare the means of several measures of the same examples on the same resamples.

    The interval is a cluster bootstrap over groups (Efron & Tibshirani 1993; resampled groups keep what is dependent
    together), studentised by the group totals' own spread so that few groups do not look certain (bootstrap-t). The test
    flips the sign of whole groups' differences (paired randomization; Fisher 1935).
    """
    change = np.stack([np.asarray(tuned[name], float) - np.asarray(base[name], float) for name in base], axis=1)
    sums, counts = by_group(change, groups)
    means = sums.sum(axis=0) / counts.sum()
    errors = standard_errors(sums, counts)
    low, high = intervals(sums, counts, means, errors, seed=seed)
    p_values = randomization(sums, seed=seed)
    return {
        name: Difference(
            base=float(np.mean(base[name])),
            tuned=float(np.mean(tuned[name])),
            low=float(low[at]),
            high=float(high[at]),
            p_value=float(p_values[at]),
            detectable=float(POWER_FACTOR * errors[at]),
        )
        for at, name in enumerate(base)
    }


def by_group(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums (groups, measures) and the number of examples of each group."""
    _, place = np.unique(groups, return_inverse=True)
    sums = np.stack([np.bincount(place, weights=column) for column in values.T], axis=1)
    return sums, np.bincount(place).astype(float)


def standard_errors(sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return by measure the standard error of the mean when groups are the independent units (ratio estimator)."""
    number = len(sums)
    if number < 2:
        return np.full(sums.shape[1], np.inf)
    residual = sums - counts[:, None] * sums.sum(axis=0) / counts.sum()
    return np.sqrt(number / (number - 1) * (residual**2).sum(axis=0)) / counts.sum()


def intervals(
    sums: np.ndarray, counts: np.ndarray, means: np.ndarray, errors: np.ndarray, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return by measure the 95% bootstrap-t interval of the mean; without any spread it is the mean itself."""
    number, factor = len(sums), len(sums) / max(1, len(sums) - 1)
    if number < 2:
        return np.full(len(means), -np.inf), np.full(len(means), np.inf)
    found = []
    for weights in resampled(number, seed=seed):
        totals = (weights @ counts)[:, None]
        centre = (weights @ sums) / totals
        squares = (  # the sum of w (s - c m)^2, multiplied out so that no (resamples, groups, measures) array is made
            weights @ sums**2
            - 2 * centre * (weights @ (sums * counts[:, None]))
            + centre**2 * (weights @ counts**2)[:, None]
        )
        spread = np.sqrt(factor * np.maximum(squares, 0.0)) / totals
        found.append((centre - means) / np.maximum(np.maximum(spread, errors * 0.05), 1e-300))
    tail = (1 - CONFIDENCE) / 2
    lower, upper = np.quantile(np.concatenate(found), [tail, 1 - tail], axis=0)
    return means - upper * errors, means - lower * errors


def resampled(number: int, *, seed: int) -> Iterator[np.ndarray]:
    """Yield in blocks how often each of `number` groups was drawn, (resamples, groups), with replacement."""
    generator, left = np.random.default_rng(seed), RESAMPLES
    while left:
        size = min(left, max(1, CELLS // number))
        drawn = generator.integers(number, size=(size, number)) + np.arange(size)[:, None] * number
        yield np.bincount(drawn.ravel(), minlength=size * number).reshape(size, number).astype(float)
        left -= size


def randomization(sums: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return by measure the two-sided p-value of the mean difference under random signs of the groups' sums."""
    generator, left = np.random.default_rng(seed), RESAMPLES
    moved = sums[(sums != 0).any(axis=1)]
    target = np.abs(moved.sum(axis=0))
    reached = np.zeros(sums.shape[1])
    while left and len(moved):
        size = min(left, max(1, CELLS // len(moved)))
        signs = generator.integers(0, 2, size=(size, len(moved))) * 2.0 - 1.0
        reached += (np.abs(signs @ moved) >= target - 1e-9 * np.maximum(1.0, target)).sum(axis=0)
        left -= size
    if not len(moved):
        return np.ones(sums.shape[1])
    return (reached + 1) / (RESAMPLES + 1)


def statistic_interval(
    base: np.ndarray,
    tuned: np.ndarray,
    groups: np.ndarray,
    statistic: Callable[[np.ndarray, np.ndarray], float],
    *,
    seed: int = 0,
    resamples: int = 1_000,
    lower_is_better: bool = False,
) -> Difference:
    """Compare a measure that is no mean (a correlation, an average precision) by a cluster bootstrap of percentiles.

    statistic: function of (values, rows) -> number, where rows are the chosen examples; it may be nan where undefined.
    """
    generator = np.random.default_rng(seed)
    _, place = np.unique(groups, return_inverse=True)
    order, sizes = np.argsort(place, kind="stable"), np.bincount(place)
    members = np.split(order, np.cumsum(sizes)[:-1])
    everything = np.arange(len(place))
    first, second = statistic(base, everything), statistic(tuned, everything)
    changes = []
    for _ in range(resamples if len(members) >= MIN_GROUPS else 0):
        rows = np.concatenate([members[g] for g in generator.integers(len(members), size=len(members))])
        changes.append(statistic(tuned, rows) - statistic(base, rows))
    known = np.array([value for value in changes if np.isfinite(value)])
    if not len(known):
        return Difference(float(first), float(second), -np.inf, np.inf, 1.0, np.inf, lower_is_better)
    low, high = np.quantile(known, [0.025, 0.975])
    beyond = (min((known <= 0).sum(), (known >= 0).sum()) + 1) / (len(known) + 1)
    return Difference(
        base=float(first),
        tuned=float(second),
        low=float(low),
        high=float(high),
        p_value=float(min(1.0, 2 * beyond)),
        detectable=POWER_FACTOR * float(np.std(known)),
        lower_is_better=lower_is_better,
    )
