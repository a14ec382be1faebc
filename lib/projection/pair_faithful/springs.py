"""Translate pairs' ranks into lengths of their lines, so that a line is as short as its pair is near.

Both by retrieval's measure: a pair of rank r is drawn at the distance of a drawn r-th neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from lib.projection.pair_faithful.forces import PointLines, Springs
from lib.projection.points import DistinctPoints
from lib.projection.ranks import local_pairs, mean_log_rank

FARTHER_END = 0.6
"""Weight of the farther end's rank, on a logarithmic scale, in the ranks of both ends.

Two texts are among each other's nearest only where both ends say so: the end that has more texts between decides.
"""

NEAR_RANK = 10.0
"""Rank up to which the length itself is asked for.

Of pairs that are farther in every snapshot mostly the change of the length is: no reader can see a rank of hundreds.
"""

COSINE_TILT = 2.0
"""Logarithm of length per unit of cosine, for changes within one rank."""

CURVE_BINS = 24
"""Bins of log rank in which drawn distances are averaged."""

MIN_SLOPE = 0.05
"""Least growth of log distance per log rank: any change of rank counts."""

LONGEST_QUANTILE = 0.97
"""Quantile of the drawn distances beyond which no line is asked to reach."""

MIN_LENGTH = 1e-4
"""Shortest length asked for, in units of the map: logarithms need one."""


@dataclass(frozen=True)
class PairSprings:
    """The lines of the pairs in all snapshots, and what their lengths follow.

    ends: (2, snapshots, pairs) points; local: by snapshot (pairs, 2), the ends among its points; rank: (2, snapshots, pairs), which
    neighbour's distance either end asks for; tilt: (snapshots, pairs), added to log length; pull: (pairs,) from 0 to 1, how far the
    length itself and not its change alone is asked for.
    """

    ends: np.ndarray
    local: tuple[np.ndarray, ...]
    rank: np.ndarray
    tilt: np.ndarray
    pull: np.ndarray

    def by_point(self, size: int) -> PointLines:
        """List the lines of each point in CSR form."""
        ends = self.ends.ravel()
        line = np.tile(np.arange(ends.size // 2), 2)
        sign = np.repeat([1.0, -1.0], ends.size // 2)
        order = np.argsort(ends, kind="stable")
        indptr = np.searchsorted(ends[order], np.arange(size + 1))
        return PointLines(indptr.astype(np.uint32), line[order].astype(np.uint32), sign[order])

    def springs(self, distance: np.ndarray) -> Springs:
        """Ask for lengths, given the drawn distance (2, snapshots, pairs) of either end's neighbour."""
        longest = float(np.log(max(np.quantile(distance, LONGEST_QUANTILE), MIN_LENGTH)))
        return Springs(self.ends, target_lengths(self.rank, distance, self.tilt), self.pull, longest)


def pair_springs(points: DistinctPoints, pairs: np.ndarray, ranks: np.ndarray) -> PairSprings:
    """Collect the lines of pairs (m, 2) of texts with their true ranks (2, snapshots, m)."""
    ends = np.stack([points.index[:, pairs[:, 0]], points.index[:, pairs[:, 1]]])
    cosine = np.einsum("...d,...d->...", points.vectors[ends[0]], points.vectors[ends[1]]).astype(np.float64)
    farther = ranks.max(axis=0)
    nearest = np.exp2(mean_log_rank(ranks)).min(axis=0) - 1
    return PairSprings(
        ends,
        tuple(local_pairs(points, pairs)),
        ranks ** (1 - FARTHER_END) * farther**FARTHER_END,
        cosine_tilt(cosine, mean_log_rank(ranks)),
        1 / (1 + (nearest / NEAR_RANK) ** 2),
    )


def cosine_tilt(cosine: np.ndarray, log_rank: np.ndarray) -> np.ndarray:
    """Compute what a cosine adds to log length, (snapshots, pairs), with mean 0 over snapshots.

    Nothing where rank and cosine moved in opposite directions from the first snapshot to the last: there the rank decides.
    """
    tilt = -COSINE_TILT * (cosine - cosine.mean(axis=0))
    opposite = (cosine[-1] - cosine[0]) * (log_rank[-1] - log_rank[0]) > 0
    return np.where(opposite, 0.0, tilt)


def target_lengths(rank: np.ndarray, distance: np.ndarray, tilt: np.ndarray) -> np.ndarray:
    """Compute the logarithm of each line's length (snapshots, pairs).

    rank, distance: (2, snapshots, pairs). With g(r) the mean log distance of an r-th neighbour, over all ends and snapshots, a pair's
    log length is the mean of g over its ends + the pair's own scale + tilt. The scale is the mean over ends and snapshots of
    log distance - g: one scale a pair, so that the local density of one snapshot does not decide how its line changes.
    """
    log_distance = np.log(np.maximum(distance, MIN_LENGTH))
    curve = rank_curve(np.log(rank), log_distance)
    return curve.mean(axis=0) + (log_distance - curve).mean(axis=(0, 1)) + tilt


def rank_curve(log_rank: np.ndarray, log_distance: np.ndarray) -> np.ndarray:
    """Compute g, the rising mean of log distance by log rank, for each of the values given.

    Means over bins, made rising by isotonic regression, and strictly so by MIN_SLOPE.
    """
    edges = np.linspace(0, log_rank.max() + 1e-9, CURVE_BINS + 1)
    number = np.clip(np.searchsorted(edges, log_rank.ravel(), side="right") - 1, 0, CURVE_BINS - 1)
    count = np.bincount(number, minlength=CURVE_BINS)
    filled = count > 0
    middle, height = (
        np.bincount(number, values.ravel(), minlength=CURVE_BINS)[filled] / count[filled]
        for values in (log_rank, log_distance)
    )
    rising = isotonic_regression(height, weights=count[filled].astype(np.float64)).x
    return np.interp(log_rank, middle, rising) + MIN_SLOPE * log_rank
