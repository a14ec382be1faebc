"""The compiled parts of a step of the pair-faithful layout: every point sums its own forces, so threads cannot change the result.

Each works on a range of its rows and lets go of Python's lock, so that several threads can share a large map.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np
from numba import njit

CURVE_A = 1.6
"""Umap's low-dimensional curve 1 / (1 + a d^2b) with b = 1, which needs no powers; a as umap fits it for min_dist 0.1."""

NUM_NEGATIVES = 16
"""Points that push each point in each step, drawn at random from the point's own moment."""

MOMENTUM, REPULSION_STRENGTH = 0.5, 15.0
RING_BLOCK = 512
"""Points of a ring that are pushed at a time: they stay in the nearest cache."""

ONE_THREAD_BELOW = 20_000
"""Points. A small map is drawn in well under a second, and threads that wait for each other suffer on a busy machine."""


class RowPool:
    """The threads that share the rows of a large map; a small one is drawn by the caller's alone."""

    def __init__(self, size: int) -> None:
        self.hands = 1 if size < ONE_THREAD_BELOW else numba.config.NUMBA_NUM_THREADS
        self.pool = ThreadPoolExecutor(self.hands) if self.hands > 1 else None

    def __enter__(self) -> RowPool:
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown()

    def share(self, work: Callable[..., None], rows: int, *known: object) -> None:
        """Call work(low, high, ...) so that all rows are done once, and wait for it."""
        if self.pool is None:
            work(0, rows, *known)
            return
        cuts = np.linspace(0, rows, self.hands + 1).astype(int).tolist()
        for done in [self.pool.submit(work, low, high, *known) for low, high in pairwise(cuts)]:
            done.result()


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def attraction(low, high, places, begin, end, weight, pull):  # type: ignore[no-untyped-def]
    """Write the attraction over its edges on each point to pull (2, p). Unsigned ends need no check for -1, so this runs on vectors."""
    x, y = places[0], places[1]
    for i in range(low, high):
        along_x, along_y = 0.0, 0.0
        for edge in range(begin[i], begin[i + 1]):
            dx, dy = x[i] - x[end[edge]], y[i] - y[end[edge]]
            force = -4.0 * CURVE_A / (1.0 + CURVE_A * (dx * dx + dy * dy)) * weight[edge]
            along_x += force * dx
            along_y += force * dy
        pull[0, i], pull[1, i] = along_x, along_y


@njit(cache=True, nogil=True)
def gather_positions(low, high, places, pool, around):  # type: ignore[no-untyped-def]
    """Write the places of all rings' points one after the other to around (2, all)."""
    for t in range(low, high):
        around[0, t], around[1, t] = places[0, pool[t]], places[1, pool[t]]


@njit(cache=True, error_model="numpy")
def repulsion(x, y, other_x, other_y, push_x, push_y):  # type: ignore[no-untyped-def]
    """Add to each point's push the repulsion from the other point at its place, each component at most 4."""
    for i in range(len(x)):
        dx, dy = x[i] - other_x[i], y[i] - other_y[i]
        square = dx * dx + dy * dy
        force = 2.0 / ((0.001 + square) * (1.0 + CURVE_A * square))
        push_x[i] += min(4.0, max(-4.0, force * dx))
        push_y[i] += min(4.0, max(-4.0, force * dy))


@njit(cache=True, nogil=True, error_model="numpy")
def repulsion_all(low, high, around, pieces, far, push):  # type: ignore[no-untyped-def]
    """Write the sum of the repulsions from the points that lie far (moments, draws) places on in each point's ring to push (2, all).

    pieces (pieces, 3): moment, and from where to where in all rings. A ring is there twice, so that none runs over its end.
    """
    for piece in range(low, high):
        moment, first, last = pieces[piece]
        push[:, first:last] = 0.0
        for away in far[moment]:
            repulsion(
                around[0, first:last],
                around[1, first:last],
                around[0, first + away : last + away],
                around[1, first + away : last + away],
                push[0, first:last],
                push[1, first:last],
            )


@njit(cache=True, nogil=True, error_model="numpy")
def spring_forces(low, high, places, ends, meant, weight, hold):  # type: ignore[no-untyped-def]
    """Write the force on the first end of each line to hold (2, moments, pairs): along the line, as strong as its excess.

    The excess of a line is how far it is longer than its cosine means, beside the mean of its own moments: only changes are held. A
    pair may lie as far apart as its neighbourhoods ask, as long as it comes closer or goes apart as its cosine does.
    """
    x, y = places[0], places[1]
    moments = len(meant)
    for p in range(low, high):
        mean = 0.0
        for m in range(moments):
            one, other = ends[0, m, p], ends[1, m, p]
            dx, dy = x[other] - x[one], y[other] - y[one]
            mean += (np.sqrt(dx * dx + dy * dy) - meant[m, p]) / moments
        for m in range(moments):
            one, other = ends[0, m, p], ends[1, m, p]
            dx, dy = x[other] - x[one], y[other] - y[one]
            length = np.sqrt(dx * dx + dy * dy)
            force = (length - meant[m, p] - mean) * weight[p] / (length + 1e-6)
            hold[0, m, p], hold[1, m, p] = force * dx, force * dy


@njit(cache=True, nogil=True, error_model="numpy")
def step(low, high, places, speed, pull, push, slot, degree, hold, begin, line, sign, stiffness, rate):  # type: ignore[no-untyped-def]
    """Move each point by the sum of its forces, divided by its stiffness. begin, line, sign: the lines of each point (see lines.by_point)."""
    for i in range(low, high):
        repel = REPULSION_STRENGTH / NUM_NEGATIVES * degree[i]
        x, y = pull[0, i] + repel * push[0, slot[i]], pull[1, i] + repel * push[1, slot[i]]
        for entry in range(begin[i], begin[i + 1]):
            x += stiffness * sign[entry] * hold[0, line[entry]]
            y += stiffness * sign[entry] * hold[1, line[entry]]
        go = rate / (2.0 * degree[i] + stiffness * (begin[i + 1] - begin[i]) + 1e-9)
        x, y = MOMENTUM * speed[0, i] + go * x, MOMENTUM * speed[1, i] + go * y
        shrink = 1.0 / max(1.0, np.sqrt(x * x + y * y) / 2.0)
        speed[0, i], speed[1, i] = x * shrink, y * shrink
        places[0, i] += speed[0, i]
        places[1, i] += speed[1, i]
