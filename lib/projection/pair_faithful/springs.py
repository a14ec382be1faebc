"""Translate pairs' cosines into lengths of their lines, so that lines change as cosines do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from lib.projection.pair_faithful.forces import PointLines
from lib.projection.pair_faithful.graph import NeighbourGraph
from lib.projection.points import DistinctPoints

SAMPLE_SIZE = 4_000
"""Random and neighbouring points, each, on which drawn distance is fitted to cosine."""

COSINE_GRID = np.linspace(-0.2, 1.0, 61)
"""Cosines at which the fit is smoothed and kept."""

MIN_SLOPE = 0.3
"""Slope added to the fit, in mean drawn distances per unit of cosine.

The fit then falls strictly, and any change counts.
"""

SMALL_CHANGE_OFFSET = 0.3
"""Offset of the weights, as a share of the median change.

A smaller one weighs lines whose cosine hardly changed more; their sign is the easiest to get wrong.
"""


@dataclass(frozen=True)
class PairSprings:
    """The lines of the pairs in all snapshots, and point pairs to fit drawn distance on cosine.

    ends: (2, snapshots, pairs) points; cosine: (snapshots, pairs); sample: (2, k) points; sample_cosine: (k,).
    """

    ends: np.ndarray
    cosine: np.ndarray
    sample: np.ndarray
    sample_cosine: np.ndarray

    def by_point(self, size: int) -> PointLines:
        """List the lines of each point in CSR form."""
        ends = self.ends.ravel()
        line = np.tile(np.arange(ends.size // 2), 2)
        sign = np.repeat([1.0, -1.0], ends.size // 2)
        order = np.argsort(ends, kind="stable")
        indptr = np.searchsorted(ends[order], np.arange(size + 1))
        return PointLines(indptr.astype(np.uint32), line[order].astype(np.uint32), sign[order])


def pair_springs(points: DistinctPoints, pairs: np.ndarray, graph: NeighbourGraph, *, seed: int) -> PairSprings:
    """Collect the lines of pairs (m, 2) of texts, and sample point pairs of one snapshot.

    Random and neighbouring points.
    """
    ends = np.stack([points.index[:, pairs[:, 0]], points.index[:, pairs[:, 1]]])
    draw = np.random.default_rng(seed)
    snapshot = draw.integers(0, len(points.index), SAMPLE_SIZE)
    texts = draw.integers(0, points.index.shape[1], (2, SAMPLE_SIZE))
    random = np.stack([points.index[snapshot, texts[0]], points.index[snapshot, texts[1]]])
    edge = draw.integers(0, max(1, len(graph.indices)), SAMPLE_SIZE if len(graph.indices) else 0)
    near = np.stack([np.searchsorted(graph.indptr, edge, side="right") - 1, graph.indices[edge]])
    near = near[:, points.first_snapshot[near[0]] == points.first_snapshot[near[1]]]
    sample = np.concatenate([random, near], axis=1)
    return PairSprings(ends, point_cosines(points.vectors, ends), sample, point_cosines(points.vectors, sample))


def point_cosines(vectors: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Compute the cosine between the points at both ends (2, ...) of unit vectors."""
    return np.einsum("...d,...d->...", vectors[ends[0]], vectors[ends[1]]).astype(np.float64)


def drawn_lengths(positions: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Compute the drawn distance (positions (2, points)) between both ends (2, ...)."""
    away = positions[:, ends[0]] - positions[:, ends[1]]
    return np.sqrt((away * away).sum(axis=0))


def target_lengths(springs: PairSprings, positions: np.ndarray) -> np.ndarray:
    """Compute the length h(cosine), (snapshots, pairs), of each line's cosine in the present layout.

    h is the isotonic (monotonically falling) regression of drawn distance on cosine over the sample, as in non-metric
    multidimensional scaling (Kruskal 1964), smoothed by a moving mean of nine grid points, and made strictly falling.
    """
    order = np.argsort(springs.sample_cosine, kind="stable")
    fitted = isotonic_regression(drawn_lengths(positions, springs.sample)[order], increasing=False).x
    curve = np.interp(COSINE_GRID, springs.sample_cosine[order], fitted)
    curve = np.convolve(np.pad(curve, 4, mode="edge"), np.full(9, 1 / 9), "valid")
    curve += (1 - COSINE_GRID) * MIN_SLOPE * curve.mean()
    return np.interp(springs.cosine, COSINE_GRID, curve)


def spring_weights(target: np.ndarray) -> np.ndarray:
    """Compute the lines' weights (pairs,), 1 / (change + 0.3 median change), scaled to mean 1.

    change: of the target lengths (snapshots, pairs).
    """
    change = np.abs(target[-1] - target[0])
    typical = np.median(change)
    if typical <= 0:
        return np.ones(len(change))
    weights = 1 / (change + SMALL_CHANGE_OFFSET * typical)
    return weights / weights.mean()
