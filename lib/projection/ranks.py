"""Rank the two texts of each pair among each other's nearest texts, in the full dimensions.

Retrieval asks for ranks: a pair is close when few other texts are closer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lib.projection.methods import MAX_COMPARED
from lib.projection.pair_faithful.graph import PointNeighbours
from lib.projection.points import DistinctPoints

_BLOCK_VALUES = 8_000_000
"""Dot products held at once: 32 MB."""

TIE_TOLERANCE = 1e-6
"""Cosines that differ by less are equal: a matrix product rounds by about so much."""


def true_ranks(vectors: np.ndarray, pairs: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Rank the other end of each pair (m, 2) among an end's nearest rows, (2, m) float64.

    1 + the number of other rows with a greater cosine. First the second end seen from the first, then the reverse.
    Above MAX_COMPARED rows the number is that of a sample, scaled up.
    """
    own = len(vectors) <= MAX_COMPARED  # an end counts itself as nearer; it is as good as never in a sample
    return 1 + np.maximum(0, count_nearer(vectors, pairs, np.arange(len(vectors)), seed=seed) - own)


def count_nearer(vectors: np.ndarray, pairs: np.ndarray, rows: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Count those of some rows that are nearer to an end of each pair (m, 2) than its other end.

    Shape (2, m) float64.

    Of more than MAX_COMPARED rows a sample is counted, and scaled up.
    """
    scale = 1.0
    if len(rows) > MAX_COMPARED:
        scale = (len(rows) - 1) / MAX_COMPARED
        rows = np.random.default_rng(seed).choice(rows, MAX_COMPARED, replace=False)
    return nearer_rows(vectors, pairs, vectors[rows]) * scale


def refine_ranks(ranks: np.ndarray, pairs: np.ndarray, neighbours: PointNeighbours) -> np.ndarray:
    """Put the rank among an end's nearest where the other end is one of them, (2, m).

    The others come after these.

    ranks: estimates (2, m) for pairs (m, 2) of rows; neighbours: of each row.
    """
    nearest, distances = neighbours
    refined = np.maximum(ranks, nearest.shape[1] + 1.0)
    for number, (end, other) in enumerate((pairs.T, pairs.T[::-1])):
        row, place = np.nonzero(nearest[end] == other[:, None])
        # |a - b|^2 = 2 - 2 a.b: cosines that differ by less than the tolerance are equal
        nearer = distances[end[row]] ** 2 < (distances[end[row], place] ** 2 - 2 * TIE_TOLERANCE)[:, None]
        refined[number, row] = 1 + nearer.sum(axis=1)
    refined[:, pairs[:, 0] == pairs[:, 1]] = 1  # no point is its own neighbour
    return refined


def nearer_rows(vectors: np.ndarray, pairs: np.ndarray, compared: np.ndarray) -> np.ndarray:
    """Count the compared rows that are nearer to an end of each pair (m, 2) than its other end.

    Shape (2, m) int64.
    """
    counts = np.empty((2, len(pairs)), np.int64)
    block = max(1, _BLOCK_VALUES // max(1, len(compared)))
    for low in range(0, len(pairs), block):
        ends = pairs[low : low + block]
        cosine = (vectors[ends[:, 0]] * vectors[ends[:, 1]]).sum(axis=1)
        limit = cosine + np.float32(TIE_TOLERANCE)
        for number in (0, 1):
            nearer = vectors[ends[:, number]] @ compared.T > limit[:, None]
            counts[number, low : low + block] = np.count_nonzero(nearer, axis=1)
    return counts


def snapshot_ranks(
    points: DistinctPoints, pairs: np.ndarray, *, neighbours: Sequence[PointNeighbours] = (), seed: int = 0
) -> np.ndarray:
    """Rank pairs (m, 2) of texts in every snapshot among its distinct points, (2, snapshots, m).

    neighbours: of each snapshot's points, to refine ranks that are estimates.
    """
    local = local_pairs(points, pairs)
    ranks = [
        true_ranks(points.vectors[members], some, seed=seed)
        for members, some in zip(points.by_snapshot, local, strict=True)
    ]
    if neighbours:
        ranks = [refine_ranks(*of_snapshot) for of_snapshot in zip(ranks, local, neighbours, strict=True)]
    return np.stack(ranks, axis=1)


def local_pairs(points: DistinctPoints, pairs: np.ndarray) -> list[np.ndarray]:
    """Number pairs (m, 2) of texts among the distinct points of each snapshot, (m, 2) each."""
    return [np.searchsorted(members, row[pairs]) for members, row in zip(points.by_snapshot, points.index, strict=True)]


def mean_log_rank(ranks: np.ndarray) -> np.ndarray:
    """Average log2(1 + rank) over both ends: ranks (2, ...) to (...)."""
    return np.log2(1 + ranks).mean(axis=0)
