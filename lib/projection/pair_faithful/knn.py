"""Compiled searches over dot products: nearest neighbours, membership widths, rank excess.

Each scans once and keeps a short sorted list, several times faster than numpy's partial sorts. Imported only where a map is computed.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def insert_sorted(value: float, item: int, values: np.ndarray, items: np.ndarray) -> None:
    """Insert a value into an ascending list of fixed length; among equal values the first stays first."""
    at = len(values) - 1
    while at > 0 and values[at - 1] > value:
        values[at], items[at] = values[at - 1], items[at - 1]
        at -= 1
    values[at], items[at] = value, item


@njit(cache=True, nogil=True, error_model="numpy")
def update_neighbours(
    products: np.ndarray, low: int, distances: np.ndarray, neighbours: np.ndarray, farthest: np.ndarray
) -> None:
    """Add a block of dot products (b, n - low), points from low on with each other, to both sides' lists.

    distances (n, k) float32: minus the dot products of each point's nearest so far, ascending; neighbours (n, k): their indices;
    farthest (n,): the last column of distances.
    """
    last = distances.shape[1] - 1
    for row in range(len(products)):
        i = low + row
        for column in range(row + 1, products.shape[1]):
            j, distance = low + column, -products[row, column]
            if distance < farthest[i]:
                insert_sorted(distance, j, distances[i], neighbours[i])
                farthest[i] = distances[i, last]
            if distance < farthest[j]:
                insert_sorted(distance, i, distances[j], neighbours[j])
                farthest[j] = distances[j, last]


@njit(cache=True, nogil=True, error_model="numpy")
def membership_widths(distances: np.ndarray, target: float, widths: np.ndarray) -> None:
    """Write the width s of each row of distances (n, k) at which sum(exp(-distance / s)) = target.

    The bisection and tolerance of umap-learn's smooth_knn_dist (McInnes, Healy, Melville 2018, algorithm 3).
    """
    for i in range(len(distances)):
        low, high, width = 0.0, np.inf, 1.0
        for _ in range(64):
            total = 0.0
            for distance in distances[i]:
                total += np.exp(-distance / width)
            if abs(total - target) < 1e-5:
                break
            if total > target:
                high = width
            else:
                low = width
            width = width * 2.0 if np.isinf(high) else (low + high) / 2.0
        widths[i] = width


@njit(cache=True, nogil=True, error_model="numpy")
def rank_excess(products: np.ndarray, rows: np.ndarray, x: np.ndarray, y: np.ndarray, k: int) -> int:
    """Sum max(0, rank - k) over the rows and their k nearest on the map (x, y).

    The inner sum of trustworthiness.

    products (b, n): dot products of the rows with all points, overwritten on their diagonal; a neighbour's rank is one more than the
    number of other points with a greater product.
    """
    excess = 0
    nearest, neighbours = np.empty(k), np.empty(k, np.int64)
    for row in range(len(rows)):
        i = rows[row]
        nearest[:] = np.inf
        for j in range(len(x)):
            dx, dy = x[j] - x[i], y[j] - y[i]
            distance = dx * dx + dy * dy
            if distance < nearest[k - 1] and j != i:
                insert_sorted(distance, j, nearest, neighbours)
        own = products[row]
        own[i] = np.inf  # counts once in each rank: ranks begin at 1
        for neighbour in neighbours:
            rank, of_neighbour = 0, own[neighbour]
            for product in own:
                if product > of_neighbour:
                    rank += 1
            excess += max(0, rank - k)
    return excess


@njit(cache=True, nogil=True, error_model="numpy")
def nearest_of_block(
    products: np.ndarray, own: np.ndarray, compared: np.ndarray, distances: np.ndarray, neighbours: np.ndarray
) -> None:
    """Write the nearest of the compared points (c,) to the lists of a block's own points (b,).

    products: their dot products (b, c).

    distances (n, k) float32: minus the dot products, ascending; neighbours (n, k): the indices.
    """
    last = distances.shape[1] - 1
    for row in range(len(own)):
        i = own[row]
        farthest = distances[i, last]
        for column in range(len(compared)):
            distance = -products[row, column]
            if distance < farthest and compared[column] != i:
                insert_sorted(distance, compared[column], distances[i], neighbours[i])
                farthest = distances[i, last]
