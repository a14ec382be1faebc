"""The one compiled step of the pair-faithful layout: every point sums its own forces, so threads cannot change the result."""

from __future__ import annotations

import numba
import numpy as np
from numba import njit, prange

STEEPNESS = 1.6
"""Umap's low-dimensional curve 1 / (1 + a d^2b) with b = 1, which needs no powers; a as umap fits it for min_dist 0.1."""

NEGATIVES = 16
"""Points drawn at random for each point and step, from the point's own moment."""

ONE_THREAD_BELOW = 20_000
"""Points. A small map is drawn in a second by one thread, and threads that wait for each other suffer on a busy machine."""


def threads(size: int) -> None:
    """Use one thread for a small map, all for a large one; the result is the same."""
    numba.set_num_threads(1 if size < ONE_THREAD_BELOW else numba.config.NUMBA_NUM_THREADS)


@njit(cache=True)
def scramble(state: np.uint64) -> np.uint64:
    """Return well-mixed bits of a counter (splitmix64, Steele et al. 2014): random numbers without a state to share."""
    mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@njit(cache=True)
def pulled(places, i, begin, end, weight, a):  # type: ignore[no-untyped-def]
    """Return the attraction on point i over its edges."""
    x, y = 0.0, 0.0
    for edge in range(begin[i], begin[i + 1]):
        dx, dy = places[i, 0] - places[end[edge], 0], places[i, 1] - places[end[edge], 1]
        force = -4.0 * a / (1.0 + a * (dx * dx + dy * dy)) * weight[edge]
        x += force * dx
        y += force * dy
    return x, y


@njit(cache=True)
def pushed(places, i, pool, first, count, state, draws, a):  # type: ignore[no-untyped-def]
    """Return the mean repulsion on point i from points drawn at random from its moment, each component at most 4."""
    x, y = 0.0, 0.0
    for _ in range(draws):
        state += np.uint64(0x9E3779B97F4A7C15)
        j = pool[first + np.int64(scramble(state) % np.uint64(count))]
        dx, dy = places[i, 0] - places[j, 0], places[i, 1] - places[j, 1]
        square = dx * dx + dy * dy
        if square > 0.0:
            force = 2.0 / ((0.001 + square) * (1.0 + a * square))
            x += min(4.0, max(-4.0, force * dx))
            y += min(4.0, max(-4.0, force * dy))
    return x / draws, y / draws


@njit(cache=True)
def held(places, i, begin, other, line, force):  # type: ignore[no-untyped-def]
    """Return the force on point i of the pair lines that end there: along each line, positive force shortens it."""
    x, y = 0.0, 0.0
    for entry in range(begin[i], begin[i + 1]):
        dx, dy = places[i, 0] - places[other[entry], 0], places[i, 1] - places[other[entry], 1]
        pull = force[line[entry]] / (np.sqrt(dx * dx + dy * dy) + 1e-6)
        x -= pull * dx
        y -= pull * dy
    return x, y


@njit(parallel=True, cache=True)
def step(places, speed, graph, pools, lines, force, stiffness, number, seed, rate, momentum, repulsion):  # type: ignore[no-untyped-def]
    """Move all points (p, 2) one step in place, by forces at the places before it, each divided by its point's stiffness.

    graph: start, end, weight, degree; pools: pool, first, count (each point's moment); lines: start, other end, line.
    """
    begin, end, weight, degree = graph
    pool, first, count = pools
    line_begin, other, line = lines
    moved = np.empty_like(places)
    for i in prange(len(places)):
        state = scramble(np.uint64(seed) * np.uint64(0x100000001B3) + np.uint64(number)) + np.uint64(i) * np.uint64(
            0xD1342543DE82EF95
        )
        x, y = pulled(places, i, begin, end, weight, STEEPNESS)
        push_x, push_y = pushed(places, i, pool, first[i], count[i], state, NEGATIVES, STEEPNESS)
        line_x, line_y = held(places, i, line_begin, other, line, force)
        stiff = 2.0 * degree[i] + stiffness * (line_begin[i + 1] - line_begin[i]) + 1e-9
        moved[i, 0] = (x + repulsion * degree[i] * push_x + line_x) / stiff
        moved[i, 1] = (y + repulsion * degree[i] * push_y + line_y) / stiff
    for i in prange(len(places)):
        x, y = momentum * speed[i, 0] + rate * moved[i, 0], momentum * speed[i, 1] + rate * moved[i, 1]
        shrink = 1.0 / max(1.0, np.sqrt(x * x + y * y) / 2.0)
        speed[i, 0], speed[i, 1] = x * shrink, y * shrink
        places[i, 0] += speed[i, 0]
        places[i, 1] += speed[i, 1]
