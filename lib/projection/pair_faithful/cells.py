"""Search the nearest neighbours of many points cell by cell.

Nearly all are found in a part of the time.

The points are divided among the nearest of some centres (k-means), and a cell's points are compared with those of the nearest cells alone: an
inverted file (Sivic and Zisserman 2003; Jégou, Douze and Schmid 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PROBED_CELLS = 32
"""Cells that a cell's points are compared with, its own among them; bench/README.md, section Large map, has the share that is found."""

POINTS_A_CENTRE = 250
"""Points of a cell, on average: few enough to skip most, many enough for fast matrix products."""

SAMPLE_A_CELL = 64
"""Points, on average, that move a centre."""

NUM_ROUNDS = 8
"""Rounds of k-means; the centres need no optimum, they only divide."""

_BLOCK_ROWS = 8_192
"""Rows compared with all centres at once."""

_MAX_PRODUCTS = 8_000_000
"""Dot products held at once: 32 MB. Of many equal texts a cell holds far more than the average."""


@dataclass(frozen=True)
class Cells:
    """Points in cells.

    centres: (cells, d) unit; order: (n,) rows, cell by cell; start: (cells + 1,) where each begins in it.
    """

    centres: np.ndarray
    order: np.ndarray
    start: np.ndarray

    def near(self, cell: int, *, more_than: int) -> list[slice]:
        """Find where the nearest cells of a cell stand in the order, itself first.

        PROBED_CELLS, or as many as have enough points.
        """
        cosine = self.centres @ self.centres[cell]
        cosine[cell] = np.inf
        nearest = np.argsort(-cosine, kind="stable")
        points = np.cumsum(np.diff(self.start)[nearest])
        num = max(PROBED_CELLS, 1 + int(np.searchsorted(points, more_than, side="right")))
        return [slice(self.start[one], self.start[one + 1]) for one in nearest[:num]]


def divide(vectors: np.ndarray, *, seed: int) -> Cells:
    """Divide unit vectors (n, d) among cells by spherical k-means on a sample (Dhillon and Modha 2001)."""
    draw = np.random.default_rng(seed)
    count = max(1, len(vectors) // POINTS_A_CENTRE)
    rows = np.sort(draw.choice(len(vectors), min(len(vectors), SAMPLE_A_CELL * count), replace=False))
    sample = vectors[rows]
    centres = sample[draw.choice(len(sample), count, replace=False)]
    for _ in range(NUM_ROUNDS):
        centres = _move(centres, sample, _nearest_centre(sample, centres))
    cell = _nearest_centre(vectors, centres)
    order = np.argsort(cell, kind="stable")
    return Cells(centres, order, np.searchsorted(cell[order], np.arange(count + 1)))


def _nearest_centre(vectors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Find the nearest centre of each row, (n,)."""
    blocks = range(0, len(vectors), _BLOCK_ROWS)
    return np.concatenate([(vectors[low : low + _BLOCK_ROWS] @ centres.T).argmax(axis=1) for low in blocks])


def _move(centres: np.ndarray, sample: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Move each centre to the mean of its rows, scaled to length 1; one without rows stays."""
    order = np.argsort(cell, kind="stable")
    filled, first = np.unique(cell[order], return_index=True)
    total = np.add.reduceat(sample[order], first, axis=0)
    moved = centres.copy()
    moved[filled] = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return moved


def cell_neighbours(vectors: np.ndarray, *, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Find nearly the k nearest other rows of unit vectors, ascending.

    Indices (n, k) int64, distances (n, k) float32.
    """
    from lib.projection.pair_faithful.knn import nearest_of_block

    cells = divide(vectors, seed=seed)
    by_cell = vectors[cells.order]  # a cell's points lie together
    neighbours = np.zeros((len(vectors), k), np.int64)
    distances = np.full((len(vectors), k), np.inf, np.float32)
    for cell, begin in enumerate(cells.start[:-1]):
        near = cells.near(cell, more_than=k)
        compared = np.concatenate([by_cell[some] for some in near])
        rows = np.concatenate([cells.order[some] for some in near])
        size = max(1, _MAX_PRODUCTS // len(compared))
        for low in range(begin, cells.start[cell + 1], size):
            block = slice(low, min(low + size, cells.start[cell + 1]))
            nearest_of_block(by_cell[block] @ compared.T, cells.order[block], rows, distances, neighbours)
    return neighbours, np.sqrt(np.maximum(0, 2 + 2 * distances))  # of unit vectors |a - b|^2 = 2 - 2 a.b
