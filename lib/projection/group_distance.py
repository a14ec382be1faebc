"""Measure how near two groups of texts are in the full dimensions, base and tuned, with intervals.

Light: pages call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import (
    MIN_GROUPS,
    POWER_FACTOR,
    bootstrap_weights,
    include_zero,
    t_quantile,
    without_interval,
)
from lib.evaluation.difference import Difference

Direction = Literal["closer", "apart", "no clear change"]


@dataclass(frozen=True)
class GroupDistance:
    """Mean cosines of two groups of texts, A and B, base and tuned.

    between: of a text of A and one of B; within: of two texts of A, and of B (nan for a single text); separation: the mean of both less that
    between, which a change common to all texts leaves as it is; all_texts: of any two texts of the map, without an interval.
    sizes: texts of A and of B; units: texts that belong together count as one.
    """

    between: Difference
    within: tuple[Difference, Difference]
    separation: Difference
    all_texts: Difference
    sizes: tuple[int, int]
    units: tuple[int, int]

    @property
    def direction(self) -> Direction:
        """Where the groups moved by the mean cosine between them."""
        return direction_of(self.between)


def direction_of(cosine: Difference) -> Direction:
    """Name where a change of a cosine went, where its interval excludes zero."""
    if not cosine.has_interval or cosine.verdict == "no clear change":
        return "no clear change"
    return "closer" if cosine.difference > 0 else "apart"


@dataclass(frozen=True)
class UnitSums:
    """Sums over each unit's texts: vectors (units, d), squared lengths (units,), texts (units,)."""

    vectors: np.ndarray
    squares: np.ndarray
    texts: np.ndarray

    @classmethod
    def of(cls, vectors: np.ndarray, unit: np.ndarray, *, units: int) -> UnitSums:
        """Sum the rows (n, d) by their unit (n,)."""
        from scipy.sparse import csr_array

        rows = np.asarray(vectors, np.float32)
        member = csr_array((np.ones(len(unit), np.float32), (unit, np.arange(len(unit)))), shape=(units, len(unit)))
        squares = np.einsum("nd,nd->n", rows, rows)
        return cls(member @ rows, member @ squares, member @ np.ones(len(unit), np.float32))


def text_units(lines: pd.DataFrame, texts: int) -> np.ndarray:
    """Number the texts (texts,) so that those joined by lines, over any way, have one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    source, target = lines["source"].to_numpy(np.int64), lines["target"].to_numpy(np.int64)
    joined = coo_array((np.ones(len(source), np.int8), (source, target)), shape=(texts, texts))
    return np.asarray(connected_components(joined, directed=False)[1], np.int64)


def measure_distance(
    vectors: tuple[np.ndarray, np.ndarray],
    groups: tuple[np.ndarray, np.ndarray],
    units: np.ndarray,
    *,
    seed: int = 0,
) -> GroupDistance:
    """Measure the mean cosines of two disjoint groups of texts.

    vectors: (texts, d) of the base and of the tuned model, rows of length 1; groups: text ids of A and of B; units: (texts,).

    Intervals: 95%, the change plus and minus Student's t times its bootstrap standard error, units resampled (Efron & Tibshirani 1993, chapter
    6); the test is by the same t. Fewer than six units in a group have none.
    """
    known, unit = np.unique(units[np.concatenate(groups)], return_inverse=True)
    parts = unit[: len(groups[0])], unit[len(groups[0]) :]
    sums = [
        tuple(UnitSums.of(rows[ids], part, units=len(known)) for ids, part in zip(groups, parts, strict=True))
        for rows in vectors
    ]
    every = np.ones((1, len(known)), np.float32)
    base, tuned = (mean_cosines(every, *pair)[0] for pair in sums)
    counts = len(np.unique(parts[0])), len(np.unique(parts[1]))
    errors = _standard_errors(sums, seed=seed) if min(counts) >= MIN_GROUPS else np.full(len(base), np.inf)
    between, first, second, separation = (
        _difference(*values, units=min(counts)) for values in zip(base, tuned, errors, strict=True)
    )
    everywhere = without_interval(base=_mean_of_all(vectors[0]), tuned=_mean_of_all(vectors[1]))
    sizes = len(groups[0]), len(groups[1])
    return GroupDistance(between, (first, second), separation, everywhere, sizes, counts)


def mean_cosines(weights: np.ndarray, one: UnitSums, other: UnitSums) -> np.ndarray:
    """Compute the mean cosines between and within either group, and the separation, (resamples, 4).

    weights: (resamples, units), how often each unit was drawn.
    """
    between = _mean_cosine(weights, one, other, inside=False)
    within = [_mean_cosine(weights, group, group, inside=True) for group in (one, other)]
    return np.stack([between, *within, np.mean(within, axis=0) - between], axis=1)


def _mean_cosine(weights: np.ndarray, one: UnitSums, other: UnitSums, *, inside: bool) -> np.ndarray:
    """Compute the mean cosine over pairs of texts, (resamples,); inside: of distinct texts of one group."""
    none = np.zeros_like(one.texts)
    total = _sum_over_pairs(weights, one.vectors, other.vectors, one.squares if inside else none)
    texts = one.texts[:, None], other.texts[:, None]
    count = _sum_over_pairs(weights, *texts, one.texts if inside else none)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0.5, total / count, np.nan)


def _sum_over_pairs(weights: np.ndarray, left: np.ndarray, right: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Sum the products of a text on the left (units, k) with one on the right, (resamples,).

    A unit that was drawn twice does not meet its own copy, whose texts are no others. With weights w and sums a and b of a unit's texts:
    sum_uv w_u w_v a_u b_v - sum_u (w_u^2 - w_u) a_u b_u - sum_u w_u own_u, own the products of each text with itself.
    """
    products = np.einsum("uk,uk->u", left, right)
    every = np.einsum("rk,rk->r", weights @ left, weights @ right)
    return every - (weights**2 - weights) @ products - weights @ own


def _standard_errors(sums: list[tuple[UnitSums, ...]], *, seed: int) -> np.ndarray:
    """Compute the standard errors (4,) of the changes over resamples of the units."""
    return np.nanstd(np.concatenate(list(_resampled_changes(sums, seed=seed))), axis=0, ddof=1)


def _resampled_changes(sums: list[tuple[UnitSums, ...]], *, seed: int) -> Iterator[np.ndarray]:
    for drawn in bootstrap_weights(len(sums[0][0].texts), seed=seed):
        weights = drawn.astype(np.float32)
        base, tuned = (mean_cosines(weights, *pair) for pair in sums)
        yield tuned - base


def _difference(base: float, tuned: float, error: float, *, units: int) -> Difference:
    from scipy.stats import t

    if not np.isfinite(error) or not np.isfinite(tuned - base):
        return without_interval(base=base, tuned=tuned)
    change, reach = tuned - base, t_quantile(units) * error
    p_value = float(2 * t.sf(abs(change) / max(error, 1e-12), units - 1))
    low, high = include_zero(change - reach, change + reach, p_value)
    return Difference(float(base), float(tuned), float(low), float(high), p_value, float(POWER_FACTOR * error))


def _mean_of_all(vectors: np.ndarray) -> float:
    """Compute the mean cosine of any two of the rows (n, d)."""
    rows = np.asarray(vectors, np.float32)
    total = np.square(rows.sum(axis=0, dtype=np.float64)).sum() - np.einsum("nd,nd->", rows, rows)
    return float(total / (len(rows) * (len(rows) - 1))) if len(rows) > 1 else np.nan


def typical_texts(vectors: np.ndarray, group: np.ndarray, *, num: int = 3) -> np.ndarray:
    """Choose the texts of a group (text ids) that are nearest to its mean vector, the nearest first."""
    rows = np.asarray(vectors[group], np.float32)
    return group[np.argsort(-(rows @ rows.mean(axis=0)), kind="stable")[:num]]
