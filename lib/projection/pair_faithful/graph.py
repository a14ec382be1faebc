"""Build one graph over all snapshots: fuzzy neighbourhoods, and ties between snapshots.

The neighbourhoods are umap-learn's; a tie joins a text to itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from lib.progress import Progress
from lib.projection.methods import NUM_NEIGHBOURS
from lib.projection.points import DistinctPoints

EXACT_LIMIT = 20_000
"""Above so many points a snapshot, neighbours are searched cell by cell instead of by all dot products."""

MAX_PRODUCTS = 4_000_000
"""Dot products held at once while searching for neighbours: 16 MB."""


PointNeighbours = tuple[np.ndarray, np.ndarray]
"""The nearest others of n points, ascending: indices (n, k) int64 and distances (n, k) float32."""


class NeighbourGraph(NamedTuple):
    """A symmetric weighted graph over points in CSR form.

    Degree (points,) is the sum of each row's weights.

    A tuple, because the compiled kernels take it as it is.
    """

    indptr: np.ndarray
    indices: np.ndarray
    weights: np.ndarray
    degree: np.ndarray


def nearest_neighbours(vectors: np.ndarray, *, k: int = NUM_NEIGHBOURS, seed: int = 0) -> PointNeighbours:
    """Find the k nearest other rows of unit vectors, ascending.

    Indices (n, k) int64, distances (n, k) float32.
    """
    k = min(k, len(vectors) - 1)
    if k < 1:
        return np.zeros((len(vectors), 0), np.int64), np.zeros((len(vectors), 0), np.float32)
    if len(vectors) > EXACT_LIMIT:
        from lib.projection.pair_faithful.cells import cell_neighbours

        return cell_neighbours(vectors, k=k, seed=seed)
    from lib.projection.pair_faithful.knn import update_neighbours

    neighbours, distances = np.zeros((len(vectors), k), np.int64), np.full((len(vectors), k), np.inf, np.float32)
    farthest = distances[:, -1].copy()
    low = 0
    while low < len(vectors):
        rest = vectors[low:]
        rows = max(1, MAX_PRODUCTS // len(rest))
        update_neighbours(rest[:rows] @ rest.T, low, distances, neighbours, farthest)
        low += rows
    # Of unit vectors, |a - b|^2 = 2 - 2 a.b, and distances holds -a.b.
    return neighbours, np.sqrt(np.maximum(0, 2 + 2 * distances))


def membership_strengths(distances: np.ndarray) -> np.ndarray:
    """Compute the membership of each neighbour (n, k), in (0, 1]: exp(-(d - rho) / sigma).

    rho is the distance to the nearest neighbour, and sigma such that a row sums to log2(k + 1): umap-learn's smooth_knn_dist and
    compute_membership_strengths (McInnes, Healy, Melville 2018, section 3.1) with local_connectivity 1.
    """
    from lib.projection.pair_faithful.knn import membership_widths

    above_nearest = np.maximum(0, distances - distances[:, :1]).astype(np.float64)
    widths = np.empty(len(above_nearest))
    membership_widths(above_nearest, np.log2(distances.shape[1] + 1), widths)
    widths = np.maximum(widths, 1e-3 * distances.mean(1))  # umap-learn's MIN_K_DIST_SCALE
    return np.exp(-above_nearest / np.maximum(widths, 1e-12)[:, None])


def fuzzy_union(neighbours: np.ndarray, strengths: np.ndarray, *, points: np.ndarray, size: int) -> csr_matrix:
    """Compute the fuzzy union a + b - ab of both directions as a (size, size) matrix.

    Row i of neighbours is point points[i].
    """
    rows = np.repeat(points, neighbours.shape[1])
    one_way = coo_matrix((strengths.ravel(), (rows, points[neighbours.ravel()])), shape=(size, size)).tocsr()
    back = one_way.T.tocsr()
    return (one_way + back - one_way.multiply(back)).tocsr()


def snapshot_ties(points: DistinctPoints, *, strength: float, reach: float) -> csr_matrix:
    """Tie each text to itself between consecutive snapshots, and first to last.

    strength * exp(-(moved / reach)^2).

    A text that moved little is held in place, one that moved far is free.
    """
    size, snapshots = len(points.vectors), len(points.index)
    steps = [(s, s + 1) for s in range(snapshots - 1)] + ([(0, snapshots - 1)] if snapshots > 2 else [])
    ties = csr_matrix((size, size))
    for before, after in steps:
        a, b = points.index[before], points.index[after]
        ends = np.unique(np.stack([a, b], 1)[a != b], axis=0)
        moved = np.linalg.norm(points.vectors[ends[:, 0]] - points.vectors[ends[:, 1]], axis=1)
        weights = strength * np.exp(-((moved / reach) ** 2))
        step = coo_matrix((weights, (ends[:, 0], ends[:, 1])), shape=(size, size)).tocsr()
        ties = ties.maximum(step).maximum(step.T.tocsr())
    return ties


def build_graph(
    points: DistinctPoints,
    nearest_points: Sequence[PointNeighbours],
    *,
    tie_strength: float,
    tie_reach: float,
    progress: Progress,
) -> NeighbourGraph:
    """Build the graph of all snapshots: each snapshot's neighbourhoods, then the ties.

    nearest_points: of each snapshot's points, numbered among them. tie_reach is in units of the median distance to the nearest neighbour. An edge of two snapshots that share both points counts once.
    """
    size = len(points.vectors)
    graph, nearest = csr_matrix((size, size)), []
    for number, (members, (neighbours, distances)) in enumerate(zip(points.by_snapshot, nearest_points, strict=True)):
        progress.check()
        progress.advance(number, len(points.index))
        if distances.shape[1]:
            strengths = membership_strengths(distances)
            graph = graph.maximum(fuzzy_union(neighbours, strengths, points=members, size=size))
            nearest.append(np.median(distances[:, 0]))
    unit = float(np.mean(nearest)) if nearest else 1.0
    graph = (graph + snapshot_ties(points, strength=tie_strength, reach=tie_reach * max(unit, 1e-6))).tocsr()
    graph.sort_indices()
    degree = np.asarray(graph.sum(axis=1)).ravel()
    # Unsigned indices need no check for -1 in the kernels, which then run on vector instructions.
    return NeighbourGraph(
        graph.indptr.astype(np.uint32), graph.indices.astype(np.uint32), graph.data.astype(np.float64), degree
    )
