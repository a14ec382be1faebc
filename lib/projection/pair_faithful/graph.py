"""One graph over all moments: umap-learn's fuzzy neighbourhoods within each moment, and ties between the moments of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from lib.progress import Progress
from lib.projection.methods import NUM_NEIGHBOURS
from lib.projection.points import DistinctPoints

EXACT_LIMIT = 20_000
"""Above so many points a moment, neighbours are found by pynndescent instead of by all products."""

MAX_PRODUCTS = 4_000_000
"""Products held at once while looking for neighbours: 16 MB."""


@dataclass(frozen=True)
class NeighbourGraph:
    """A symmetric weighted graph over points in CSR form; degree is the sum of each row's weights."""

    start: np.ndarray
    end: np.ndarray
    weight: np.ndarray
    degree: np.ndarray


def nearest_neighbours(vectors: np.ndarray, *, k: int = NUM_NEIGHBOURS, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest other rows of unit vectors: indices (n, k) int64 and Euclidean distances (n, k) float32, nearest first."""
    k = min(k, len(vectors) - 1)
    if k < 1:
        return np.zeros((len(vectors), 0), np.int64), np.zeros((len(vectors), 0), np.float32)
    if len(vectors) > EXACT_LIMIT:
        return approximate_neighbours(vectors, k=k, seed=seed)
    from lib.projection.pair_faithful.knn import update_neighbours

    found, apart = np.zeros((len(vectors), k), np.int64), np.full((len(vectors), k), np.inf, np.float32)
    farthest = apart[:, -1].copy()
    low = 0
    while low < len(vectors):
        rest = vectors[low:]
        rows = max(1, MAX_PRODUCTS // len(rest))
        update_neighbours(rest[:rows] @ rest.T, low, apart, found, farthest)
        low += rows
    return found, np.sqrt(np.maximum(0, 2 + 2 * apart))


def approximate_neighbours(vectors: np.ndarray, *, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nearly the k nearest by pynndescent (umap-learn's own search), seeded."""
    from pynndescent import NNDescent

    found, near = NNDescent(vectors, n_neighbors=k + 1, metric="euclidean", random_state=seed).neighbor_graph
    own = found == np.arange(len(vectors))[:, None]
    own[~own.any(1), -1] = True  # a row that did not find itself gives up its farthest
    return found[~own].reshape(len(vectors), k).astype(np.int64), near[~own].reshape(len(vectors), k).astype(np.float32)


def membership_strengths(distance: np.ndarray) -> np.ndarray:
    """Return how much each neighbour belongs to each row, (n, k) in (0, 1].

    The same as umap-learn's smooth_knn_dist and compute_membership_strengths (McInnes, Healy, Melville 2018, section 3.1)
    with local_connectivity 1.
    """
    from lib.projection.pair_faithful.knn import membership_widths

    away = np.maximum(0, distance - distance[:, :1]).astype(np.float64)
    width = np.empty(len(away))
    membership_widths(away, np.log2(distance.shape[1] + 1), width)
    width = np.maximum(width, 1e-3 * distance.mean(1))  # umap-learn's MIN_K_DIST_SCALE
    return np.exp(-away / np.maximum(width, 1e-12)[:, None])


def fuzzy_union(found: np.ndarray, strength: np.ndarray, *, places: np.ndarray, size: int) -> csr_matrix:
    """Return the fuzzy union (a + b - ab) of both directions as a (size, size) matrix; row i of found is point places[i]."""
    rows = np.repeat(places, found.shape[1])
    one_way = coo_matrix((strength.ravel(), (rows, places[found.ravel()])), shape=(size, size)).tocsr()
    back = one_way.T.tocsr()
    return (one_way + back - one_way.multiply(back)).tocsr()


def snapshot_ties(drawn: DistinctPoints, *, strength: float, reach: float) -> csr_matrix:
    """Tie each text to itself from moment to moment, and from the first to the last: strength * exp(-(moved / reach)^2)."""
    size, moments = len(drawn.vectors), len(drawn.of)
    steps = [(m, m + 1) for m in range(moments - 1)] + ([(0, moments - 1)] if moments > 2 else [])
    tied = csr_matrix((size, size))
    for one, other in steps:
        a, b = drawn.of[one], drawn.of[other]
        ends = np.unique(np.stack([a, b], 1)[a != b], axis=0)
        moved = np.linalg.norm(drawn.vectors[ends[:, 0]] - drawn.vectors[ends[:, 1]], axis=1)
        weight = strength * np.exp(-((moved / reach) ** 2))
        step = coo_matrix((weight, (ends[:, 0], ends[:, 1])), shape=(size, size)).tocsr()
        tied = tied.maximum(step).maximum(step.T.tocsr())
    return tied


def build_graph(drawn: DistinctPoints, *, tie: float, reach: float, seed: int, progress: Progress) -> NeighbourGraph:
    """Build the graph of all moments: each moment's neighbourhoods, then the ties.

    reach is in units of the median distance to the nearest neighbour. An edge of two moments that share both points counts once.
    """
    size = len(drawn.vectors)
    whole, close = csr_matrix((size, size)), []
    for number, places in enumerate(drawn.at):
        progress.check()
        progress.advance(number, len(drawn.of))
        found, near = nearest_neighbours(drawn.vectors[places], seed=seed)
        if near.shape[1]:
            whole = whole.maximum(fuzzy_union(found, membership_strengths(near), places=places, size=size))
            close.append(np.median(near[:, 0]))
    unit = float(np.mean(close)) if close else 1.0
    whole = (whole + snapshot_ties(drawn, strength=tie, reach=reach * max(unit, 1e-6))).tocsr()
    whole.sort_indices()
    degree = np.asarray(whole.sum(axis=1)).ravel()
    return NeighbourGraph(
        whole.indptr.astype(np.uint32), whole.indices.astype(np.uint32), whole.data.astype(np.float64), degree
    )
