"""Compiled searches over all products of a map's points: the nearest of each, how wide their company reaches, and whom a drawing intrudes.

Each is a scan that keeps a short sorted list, several times faster than numpy's partial sorts. Imported only where a map is drawn.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, error_model="numpy")
def insert_sorted(value, place, values, places):  # type: ignore[no-untyped-def]
    """Put a value into a rising list in place of its last; of equal values the one that came first stays first."""
    at = len(values) - 1
    while at > 0 and values[at - 1] > value:
        values[at], places[at] = values[at - 1], places[at - 1]
        at -= 1
    values[at], places[at] = value, place


@njit(cache=True, nogil=True, error_model="numpy")
def update_neighbours(products, low, away, found, farthest):  # type: ignore[no-untyped-def]
    """Take a block of products (b, n - low) of the points from low with all points from low into the lists of both sides.

    away (n, k) float32: minus the products of each point's nearest so far, rising; found (n, k): who they are; farthest (n,): last of away.
    """
    last = away.shape[1] - 1
    for row in range(len(products)):
        i = low + row
        for column in range(row + 1, products.shape[1]):
            j, apart = low + column, -products[row, column]
            if apart < farthest[i]:
                insert_sorted(apart, j, away[i], found[i])
                farthest[i] = away[i, last]
            if apart < farthest[j]:
                insert_sorted(apart, i, away[j], found[j])
                farthest[j] = away[j, last]


@njit(cache=True, nogil=True, error_model="numpy")
def membership_widths(away, target, width):  # type: ignore[no-untyped-def]
    """Write the width of each row of distances (n, k) at which exp(-away / width) sums to target: umap-learn's bisection and tolerance."""
    for i in range(len(away)):
        low, high, wide = 0.0, np.inf, 1.0
        for _ in range(64):
            total = 0.0
            for distance in away[i]:
                total += np.exp(-distance / wide)
            if abs(total - target) < 1e-5:
                break
            if total > target:
                high = wide
            else:
                low = wide
            wide = wide * 2.0 if np.isinf(high) else (low + high) / 2.0
        width[i] = wide


@njit(cache=True, nogil=True, error_model="numpy")
def rank_excess(products, rows, x, y, k):  # type: ignore[no-untyped-def]
    """Return the sum over rows and their k nearest on the map (x, y) of rank - k where that is positive.

    products (b, n): of the rows with all points; a neighbour's rank is 1 and how many others have a greater product.
    """
    cost = 0
    near, who = np.empty(k), np.empty(k, np.int64)
    for row in range(len(rows)):
        i = rows[row]
        near[:] = np.inf
        for j in range(len(x)):
            dx, dy = x[j] - x[i], y[j] - y[i]
            apart = dx * dx + dy * dy
            if apart < near[k - 1] and j != i:
                insert_sorted(apart, j, near, who)
        mine = products[row]
        mine[i] = np.inf
        for j in who:
            rank, theirs = 0, mine[j]
            for product in mine:
                if product > theirs:
                    rank += 1
            cost += max(0, rank - k)
    return cost
