"""Rank the two texts of each pair among each other's nearest texts, in the full dimensions.

Retrieval asks for ranks: a pair is close when few other texts are closer.
"""

from __future__ import annotations

import numpy as np

from lib.projection.points import DistinctPoints

MAX_COMPARED = 20_000
"""Points that an end is compared with; of more, a random sample estimates the rank."""

_BLOCK_VALUES = 8_000_000
"""Dot products held at once: 32 MB."""

TIE_TOLERANCE = 1e-6
"""Cosines that differ by less are equal: a matrix product rounds by about so much."""


def true_ranks(vectors: np.ndarray, pairs: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Rank the other end of each pair (m, 2) among an end's nearest rows, (2, m) float64.

    1 + the number of other rows with a greater cosine. First the second end seen from the first, then the reverse.
    Above MAX_COMPARED rows the number is that of a sample, scaled up.
    """
    size = len(vectors)
    compared, scale, own = vectors, 1.0, 1  # an end counts itself as nearer
    if size > MAX_COMPARED:
        rows = np.random.default_rng(seed).choice(size, MAX_COMPARED, replace=False)
        compared, scale, own = vectors[rows], (size - 1) / MAX_COMPARED, 0  # as good as never in the sample
    nearer = nearer_rows(vectors, pairs, compared)
    return 1 + np.maximum(0, nearer - own) * scale


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


def snapshot_ranks(points: DistinctPoints, pairs: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Rank pairs (m, 2) of texts in every snapshot among its distinct points, (2, snapshots, m)."""
    ranks = [
        true_ranks(points.vectors[members], local, seed=seed)
        for members, local in zip(points.by_snapshot, local_pairs(points, pairs), strict=True)
    ]
    return np.stack(ranks, axis=1)


def local_pairs(points: DistinctPoints, pairs: np.ndarray) -> list[np.ndarray]:
    """Number pairs (m, 2) of texts among the distinct points of each snapshot, (m, 2) each."""
    return [np.searchsorted(members, row[pairs]) for members, row in zip(points.by_snapshot, points.index, strict=True)]


def mean_log_rank(ranks: np.ndarray) -> np.ndarray:
    """Average log2(1 + rank) over both ends: ranks (2, ...) to (...)."""
    return np.log2(1 + ranks).mean(axis=0)
