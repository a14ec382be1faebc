"""The compiled kernels of one step of the pair-faithful layout. See docs/layout.md for the formulas.

Each kernel works on a range of rows (low to high) and releases Python's lock, so that threads can share a large map. Each point sums
its own forces and no other's, so the number of threads cannot change the result.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numba
import numpy as np
from numba import njit

from lib.projection.pair_faithful.forces import Forces, Motion, PointLines, Springs
from lib.projection.pair_faithful.graph import NeighbourGraph

CURVE_A = 1.6
"""a of umap's low-dimensional similarity 1 / (1 + a d^(2b)), as umap fits it for min_dist 0.1.

b is 1, so that no powers are needed.
"""

NUM_NEGATIVES = 16
"""Points that repel each point in each step, drawn at random from the point's own snapshot."""

REPULSION_STRENGTH = 15.0
"""Weight of the mean repulsion, times the point's degree, beside its attraction."""

MAX_REPULSION = 4.0
"""Largest component of one repulsion, as in umap-learn."""

MAX_EXCESS = 1.0
"""Largest excess of a line that is corrected in one step, as a logarithm of length."""

MIN_SQUARE = 1e-12
"""Added to the square of a length: two ends may lie on one place."""

MOMENTUM = 0.5
MAX_STEP = 2.0
"""Longest way of a point in one step, in units of the map."""

RING_BLOCK = 512
"""Points of a ring that are repelled at a time: they stay in the nearest cache."""

ONE_THREAD_BELOW = 20_000
"""Points below which one thread computes.

A small map takes well under a second, and threads that wait for each other suffer on a busy machine.
"""


class RowPool:
    """The threads that share the rows of a large map.

    A small one is computed by the caller's thread alone.
    """

    def __init__(self, num_points: int) -> None:
        self.num_threads = 1 if num_points < ONE_THREAD_BELOW else numba.config.NUMBA_NUM_THREADS
        self._threads = ThreadPoolExecutor(self.num_threads) if self.num_threads > 1 else None

    def __enter__(self) -> RowPool:
        return self

    def __exit__(self, *_: object) -> None:
        if self._threads is not None:
            self._threads.shutdown()

    def map_rows(self, kernel: Callable[..., None], num_rows: int, *arguments: object) -> None:
        """Call kernel(low, high, *arguments) so that each row is done once, and wait for it."""
        if self._threads is None:
            kernel(0, num_rows, *arguments)
            return
        cuts = np.linspace(0, num_rows, self.num_threads + 1).astype(int).tolist()
        for future in [self._threads.submit(kernel, low, high, *arguments) for low, high in pairwise(cuts)]:
            future.result()


@njit(cache=True, nogil=True, error_model="numpy", fastmath=True)
def attraction(low: int, high: int, position: np.ndarray, graph: NeighbourGraph, out: np.ndarray) -> None:
    """Write the attraction of each point along its edges to out (2, points)."""
    x, y = position[0], position[1]
    indptr, indices, weights = graph.indptr, graph.indices, graph.weights
    for i in range(low, high):
        sum_x, sum_y = 0.0, 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            dx, dy = x[i] - x[indices[edge]], y[i] - y[indices[edge]]
            # Gradient of log(1 / (1 + a d^2)): -2 a / (1 + a d^2) (y_i - y_j) (McInnes, Healy, Melville 2018, section 4.2, b = 1);
            # twice, since umap samples an edge from both of its ends and moves both each time.
            force = -4.0 * CURVE_A / (1.0 + CURVE_A * (dx * dx + dy * dy)) * weights[edge]
            sum_x += force * dx
            sum_y += force * dy
        out[0, i], out[1, i] = sum_x, sum_y


@njit(cache=True, nogil=True)
def gather_positions(low: int, high: int, position: np.ndarray, rings: np.ndarray, out: np.ndarray) -> None:
    """Write the positions of all rings' points one after the other to out (2, ring positions)."""
    for t in range(low, high):
        out[0, t], out[1, t] = position[0, rings[t]], position[1, rings[t]]


@njit(cache=True, error_model="numpy")
def repulsion(
    x: np.ndarray, y: np.ndarray, other_x: np.ndarray, other_y: np.ndarray, sum_x: np.ndarray, sum_y: np.ndarray
) -> None:
    """Add to each point's sum the repulsion from the other point of the same number.

    Each component at most 4.
    """
    for i in range(len(x)):
        dx, dy = x[i] - other_x[i], y[i] - other_y[i]
        square = dx * dx + dy * dy
        # Gradient of log(1 - 1 / (1 + a d^2)): 2 / ((0.001 + d^2)(1 + a d^2)) (y_i - y_j), clipped, both as in umap-learn with b = 1.
        force = 2.0 / ((0.001 + square) * (1.0 + CURVE_A * square))
        sum_x[i] += min(MAX_REPULSION, max(-MAX_REPULSION, force * dx))
        sum_y[i] += min(MAX_REPULSION, max(-MAX_REPULSION, force * dy))


@njit(cache=True, nogil=True, error_model="numpy")
def repulsion_all(
    low: int, high: int, position: np.ndarray, blocks: np.ndarray, offsets: np.ndarray, out: np.ndarray
) -> None:
    """Write the sum of the repulsions from each point's negatives to out (2, ring positions).

    position (2, ring positions): as gathered; blocks: see NegativeSampler; offsets (snapshots, negatives): where in its own ring, from
    each point on, its negatives stand.
    """
    for block in range(low, high):
        snapshot, first, last = blocks[block]
        out[:, first:last] = 0.0
        for offset in offsets[snapshot]:
            repulsion(
                position[0, first:last],
                position[1, first:last],
                position[0, first + offset : last + offset],
                position[1, first + offset : last + offset],
                out[0, first:last],
                out[1, first:last],
            )


@njit(cache=True, nogil=True, error_model="numpy")
def line_corrections(low: int, high: int, position: np.ndarray, springs: Springs, out: np.ndarray) -> None:
    """Write half of the way that each line's first end is from the length asked for, along the line.

    out: (2, snapshots, pairs).

    With x(m) the logarithm of length / target in snapshot m, the excess of a line is x(m) - (1 - pull) * mean over m of x: all of the
    change is corrected, and of the mean as much as pull says. No line is asked to be longer than springs.longest.
    The excess is cut at MAX_EXCESS, so that no line halves in one step.
    """
    x, y = position[0], position[1]
    ends, target, pull, longest = springs.ends, springs.target, springs.pull, springs.longest
    snapshots = len(target)
    for p in range(low, high):
        mean = 0.0
        for m in range(snapshots):
            dx, dy = x[ends[1, m, p]] - x[ends[0, m, p]], y[ends[1, m, p]] - y[ends[0, m, p]]
            mean += (0.5 * np.log(dx * dx + dy * dy + MIN_SQUARE) - target[m, p]) / snapshots
        for m in range(snapshots):
            dx, dy = x[ends[1, m, p]] - x[ends[0, m, p]], y[ends[1, m, p]] - y[ends[0, m, p]]
            length = 0.5 * np.log(dx * dx + dy * dy + MIN_SQUARE)
            excess = max(length - target[m, p] - (1.0 - pull[p]) * mean, length - longest)
            share = 0.5 * (1.0 - np.exp(-min(MAX_EXCESS, max(-MAX_EXCESS, excess))))
            out[0, m, p], out[1, m, p] = share * dx, share * dy


@njit(cache=True, nogil=True, error_model="numpy")
def step(
    low: int, high: int, motion: Motion, forces: Forces, lines: PointLines, stiffness: float, step_size: float
) -> None:
    """Move each point by its neighbourhood's forces, then towards the lengths of its lines.

    The neighbourhood's forces are divided by 2 degree (the diagonal of their own stiffness), so that one step size fits all points, and
    have momentum. Of the mean correction of its lines a point makes the share stiffness / (2 degree + stiffness). Being a way and not
    a force, as in position-based dynamics (Mueller and others 2007), it leaves a pair free to move and to turn as a whole.
    """
    position, velocity = motion.position, motion.velocity
    attract, repel, slot, degree = forces.attraction, forces.repulsion, forces.slot, forces.degree
    indptr, line, sign, correction = lines.indptr, lines.line, lines.sign, forces.correction
    for i in range(low, high):
        repel_weight = REPULSION_STRENGTH / NUM_NEGATIVES * degree[i]
        x = attract[0, i] + repel_weight * repel[0, slot[i]]
        y = attract[1, i] + repel_weight * repel[1, slot[i]]
        scale = step_size / (2.0 * degree[i] + 1e-9)
        x, y = MOMENTUM * velocity[0, i] + scale * x, MOMENTUM * velocity[1, i] + scale * y
        shrink = 1.0 / max(1.0, np.sqrt(x * x + y * y) / MAX_STEP)
        velocity[0, i], velocity[1, i] = x * shrink, y * shrink
        position[0, i] += velocity[0, i]
        position[1, i] += velocity[1, i]
        num_lines = indptr[i + 1] - indptr[i]
        if num_lines == 0 or stiffness == 0.0:
            continue
        x, y = 0.0, 0.0
        for entry in range(indptr[i], indptr[i + 1]):
            x += sign[entry] * correction[0, line[entry]]
            y += sign[entry] * correction[1, line[entry]]
        scale = stiffness / (2.0 * degree[i] + stiffness) / num_lines
        x, y = scale * x, scale * y
        shrink = 1.0 / max(1.0, np.sqrt(x * x + y * y) / MAX_STEP)
        position[0, i] += x * shrink
        position[1, i] += y * shrink
