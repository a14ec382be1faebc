"""Paired comparison of means: interval, test, and the smallest detectable change.

docs/statistics.md derives what is computed here and says what was checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from lib.evaluation.difference import CONFIDENCE, Difference
from lib.vectors import TIE

RESAMPLES = 2_000
"""Bootstrap resamples, and random sign flips of the test."""

POWER_FACTOR = 1.959964 + 0.841621
"""z(97.5%) + z(80%): a true difference of this many standard errors is found four times in five."""

CELLS = 4_000_000
"""Resampled weights held at once: 32 MB in float64."""

MIN_GROUPS = 6
"""With fewer independent groups there is neither interval nor verdict.

Even if all of five changed alike, the chance of that would be 6% (2 / 2**5).
"""

TOLERANCE = 1e-12
"""A sum of changes below this is zero: that much is rounding."""

PSEUDO_GROUPS = 2
"""Groups added to every sample: one that improved and one that got worse.

A change of none, or of three in a hundred, then does not look certain. For paired shares these are the +1 counts of
Bonett & Price 2012 (after Agresti & Min 2005).
"""


def without_interval(*, base: float = np.nan, tuned: float = np.nan, lower_is_better: bool = False) -> Difference:
    """Build the difference of a metric that has no interval."""
    return Difference(float(base), float(tuned), lower_is_better=lower_is_better)


def compare_means(
    base: Mapping[str, np.ndarray],
    tuned: Mapping[str, np.ndarray],
    groups: np.ndarray,
    *,
    span: float = np.inf,
    seed: int = 0,
) -> dict[str, Difference]:
    """Compare the means of several metrics of the same examples on the same resamples.

    The interval is a cluster bootstrap over groups (Efron & Tibshirani 1993; resampled groups keep what is dependent
    together), studentised by the groups' own spread (bootstrap-t). The test flips the sign of whole groups' differences
    (paired randomization; Fisher 1935). span: the largest change that the metrics can show.
    """
    change = np.stack([np.asarray(tuned[name], float) - np.asarray(base[name], float) for name in base], axis=1)
    change[np.abs(change) <= TIE] = 0.0  # a difference below float rounding is none
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


def include_zero(
    low: np.ndarray | float, high: np.ndarray | float, p_value: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Stretch the interval to zero where the test does not rule zero out, so that both agree."""
    possible = np.asarray(p_value > 1 - CONFIDENCE)
    return np.where(possible, np.minimum(low, 0.0), low), np.where(possible, np.maximum(high, 0.0), high)


def group_sums(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the values of each group, (groups, metrics), and count its examples, (groups,)."""
    _, group_of_row = np.unique(groups, return_inverse=True)
    sums = np.stack([np.bincount(group_of_row, weights=column) for column in values.T], axis=1)
    return sums, np.bincount(group_of_row).astype(float)


def pseudo_group_variance(sums: np.ndarray, counts: np.ndarray, *, span: float) -> np.ndarray:
    """Compute by metric the variance that the pseudo-groups add to that of the mean.

    v = k s^2 / N^2 with k pseudo-groups, N examples, and s^2 the mean square of the sums of those groups that changed; where
    none changed, s is what a whole group of average size can change, span * N / groups.
    """
    changed = (np.abs(sums) > TOLERANCE).sum(axis=0)
    mean_square = np.where(changed > 0, (sums**2).sum(axis=0) / np.maximum(changed, 1), (span * counts.mean()) ** 2)
    return PSEUDO_GROUPS * mean_square / counts.sum() ** 2


def standard_errors(sums: np.ndarray, counts: np.ndarray, *, span: float = np.inf) -> np.ndarray:
    """Compute by metric the standard error of the mean where groups are the independent units.

    Ratio estimator (Cochran 1977, chapter 6): with sums s_g, sizes n_g, G groups and m = sum s_g / N,
    SE^2 = G / (G - 1) * sum (s_g - m n_g)^2 / N^2, to which the pseudo-groups' variance is added.
    """
    number = len(sums)
    if number < 2:
        return np.full(sums.shape[1], np.inf)
    residual = sums - counts[:, None] * sums.sum(axis=0) / counts.sum()
    variance = number / (number - 1) * (residual**2).sum(axis=0) / counts.sum() ** 2
    return np.sqrt(variance + pseudo_group_variance(sums, counts, span=span))


def bootstrap_t_intervals(
    sums: np.ndarray, counts: np.ndarray, means: np.ndarray, errors: np.ndarray, *, span: float = np.inf, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Compute by metric the 95% interval of the mean.

    [m - max(q_97.5, t) SE, m + max(-q_2.5, t) SE]: q are quantiles of the studentised resampled means (bootstrap-t: skewed
    changes have a long side), t is Student's quantile with G - 1 degrees of freedom, below which few groups resample too little.
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
    """Compute t* = (m* - m) / SE* of the resamples, in blocks of (resamples, metrics).

    Efron & Tibshirani 1993, chapter 12: m* is a resample's mean and SE* its own standard error by the formula of `standard_errors`, pseudo-groups included.
    """
    number = len(sums)
    factor = number / max(1, number - 1)
    for weights in bootstrap_weights(number, seed=seed):
        totals = (weights @ counts)[:, None]  # N* = sum w_g n_g
        centre = (weights @ sums) / totals  # m* = sum w_g s_g / N*
        # sum w_g (s_g - m* n_g)^2, multiplied out so that no (resamples, groups, metrics) array is made
        squares = (
            weights @ sums**2
            - 2 * centre * (weights @ (sums * counts[:, None]))
            + centre**2 * (weights @ counts**2)[:, None]
        )
        spread = np.sqrt(factor * np.maximum(squares, 0.0) / totals**2 + floor)
        yield (centre - means) / np.maximum(spread, 1e-300)


def t_quantile(groups: int) -> float:
    """Compute the two-sided 95% quantile of Student's t with groups - 1 degrees of freedom (Student 1908)."""
    from scipy.stats import t

    return float(t.ppf(1 - (1 - CONFIDENCE) / 2, groups - 1))


def bootstrap_weights(number: int, *, seed: int) -> Iterator[np.ndarray]:
    """Draw bootstrap resamples of `number` groups: the count of each group.

    In blocks (resamples, groups), with replacement.
    """
    generator, left = np.random.default_rng(seed), RESAMPLES
    while left:
        size = min(left, max(1, CELLS // number))
        groups = generator.integers(number, size=(size, number)) + np.arange(size)[:, None] * number
        yield np.bincount(groups.ravel(), minlength=size * number).reshape(size, number).astype(float)
        left -= size


def sign_flip_p_values(sums: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Compute for each metric the two-sided p-value of its mean difference by sign flips.

    The signs of the groups' sums are random.

    p = (#{|T*| > |T|} + #{|T*| = |T|} / 2 + 1/2) / (resamples + 1): what is exactly as large as the observed sum counts half
    (mid-p: Lancaster 1961; for paired shares Fagerland et al. 2013). Counted whole, shares of a few hundred pairs would be
    tested at 3% instead of 5%.
    """
    generator, left = np.random.default_rng(seed), RESAMPLES
    changed = sums[(sums != 0).any(axis=1)]
    target = np.abs(changed.sum(axis=0))
    slack = 1e-9 * np.maximum(1.0, target)
    reached = np.zeros(sums.shape[1])
    while left and len(changed):
        size = min(left, max(1, CELLS // len(changed)))
        signs = generator.integers(0, 2, size=(size, len(changed))) * 2.0 - 1.0
        flipped = np.abs(signs @ changed)
        reached += ((flipped >= target - slack).sum(axis=0) + (flipped > target + slack).sum(axis=0)) / 2
        left -= size
    return np.where(target <= slack, 1.0, (reached + 0.5) / (RESAMPLES + 1))
