"""Compute UMAP with pair constraints: its neighbourhoods, and lines as long as ranks ask.

See docs/layout.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lib.models.pca import principal_directions
from lib.progress import Progress
from lib.projection.pair_faithful.forces import Forces, Motion
from lib.projection.pair_faithful.graph import NeighbourGraph, PointNeighbours, build_graph
from lib.projection.pair_faithful.negatives import negative_sampler
from lib.projection.pair_faithful.springs import PairSprings, pair_springs
from lib.projection.points import DistinctPoints

if TYPE_CHECKING:
    from lib.projection.pair_faithful.kernels import RowPool

NUM_STEPS = 600
REFIT_EVERY = 60
"""Steps between two measurements of the drawn neighbours' distances, which the lines' lengths follow."""

REFIT_UNTIL = 0.8
"""Share of the steps after which the lengths stay."""

TIE_STRENGTH, TIE_REACH = 1.5, 1.5
STEP_SIZE = 0.9
"""At the first step; it falls linearly to 0."""

FIRST_STIFFNESS, LAST_STIFFNESS = 8.0, 1000.0
"""Stiffness of the lines at balance 0.5; it grows with the cube of the time.

2 * degree is the stiffness of a point's neighbourhood.
"""

BALANCE_POWER = 10
"""Power of 2 balance by which the lines' stiffness grows: what a share of the way does depends on its logarithm."""


def pair_faithful_layout(
    points: DistinctPoints,
    nearest_points: Sequence[PointNeighbours],
    pairs: np.ndarray,
    ranks: np.ndarray,
    *,
    balance: float,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Compute the positions (points, 2) for pairs (m, 2) of texts with true ranks (2, snapshots, m).

    nearest_points: of each snapshot's points, numbered among them.

    balance: 0 neighbourhoods alone, 1 pairs first.
    """
    progress.stage("Drawing the map", "finding neighbours")
    graph = build_graph(points, nearest_points, tie_strength=TIE_STRENGTH, tie_reach=TIE_REACH, progress=progress)
    springs = pair_springs(points, pairs, ranks)
    progress.stage("Drawing the map", "moving the points")
    start = principal_components(points.vectors)
    start = start + np.random.default_rng(seed).normal(
        0, 1e-3, start.shape
    )  # texts that PCA puts on one place can part
    return optimise(
        start, points, graph, springs, strength=(2 * balance) ** BALANCE_POWER, seed=seed, progress=progress
    )


def optimise(
    start: np.ndarray,
    points: DistinctPoints,
    graph: NeighbourGraph,
    springs: PairSprings,
    *,
    strength: float,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Move the points (points, 2) by NUM_STEPS shrinking steps.

    Meanwhile the lines stiffen with the cube of the time.

    All random numbers are drawn before the first step. strength: of the lines, 1 at balance 0.5.
    """
    from lib.projection.pair_faithful import kernels

    position = np.ascontiguousarray(start.T)
    num_points, (num_snapshots, num_pairs) = position.shape[1], springs.tilt.shape
    motion = Motion(position, np.zeros_like(position))
    negatives = negative_sampler(points, seed=seed, block_size=kernels.RING_BLOCK)
    offsets = negatives.sample_offsets(NUM_STEPS, kernels.NUM_NEGATIVES, seed=seed)
    ring_position, repulsion = np.empty((2, 2, len(negatives.rings)))
    correction = np.zeros((2, num_snapshots, num_pairs))
    forces = Forces(np.empty_like(position), repulsion, negatives.slot, correction.reshape(2, -1), graph.degree)
    lines = springs.by_point(num_points)
    strength *= num_pairs > 0
    with kernels.RowPool(num_points) as pool:
        for number in range(NUM_STEPS):
            time = number / NUM_STEPS
            if number % REFIT_EVERY == 0:
                progress.check()
                progress.advance(number, NUM_STEPS)
                if strength > 0 and time < REFIT_UNTIL:
                    asked = springs.springs(end_distances(springs, points, position, pool))
            if strength > 0:
                pool.map_rows(kernels.line_corrections, num_pairs, position, asked, correction)
            pool.map_rows(kernels.gather_positions, len(negatives.rings), position, negatives.rings, ring_position)
            pool.map_rows(
                kernels.repulsion_all,
                len(negatives.blocks),
                ring_position,
                negatives.blocks,
                offsets[number],
                repulsion,
            )
            pool.map_rows(kernels.attraction, num_points, position, graph, forces.attraction)
            stiffness = strength * (FIRST_STIFFNESS + (LAST_STIFFNESS - FIRST_STIFFNESS) * time**3)
            pool.map_rows(kernels.step, num_points, motion, forces, lines, stiffness, STEP_SIZE * (1 - time))
    return (position - position.mean(axis=1, keepdims=True)).T


def end_distances(springs: PairSprings, points: DistinctPoints, position: np.ndarray, pool: RowPool) -> np.ndarray:
    """Measure how far each end's neighbour of its rank is drawn, (2, snapshots, pairs)."""
    from lib.projection.pair_faithful import drawn

    distance = np.empty(springs.rank.shape)
    for number, members in enumerate(points.by_snapshot):
        x, y = np.ascontiguousarray(position[:, members])
        grid = drawn.build_grid(x, y)
        ends, rank = springs.local[number].T.ravel(), springs.rank[:, number].ravel()
        out = np.empty(len(ends))
        pool.map_rows(drawn.neighbour_distances, len(ends), grid, x[ends], y[ends], rank, out)
        distance[:, number] = out.reshape(2, -1)
    return distance


def principal_components(vectors: np.ndarray, *, scale: float = 10.0) -> np.ndarray:
    """Project onto the first two principal components (points, 2) float64.

    The largest coordinate is `scale`.
    """
    centred = vectors - vectors.mean(axis=0)
    directions = principal_directions((centred.T @ centred).astype(np.float64), 2)
    projected = centred.astype(np.float64) @ directions
    if projected.shape[1] < 2:
        projected = np.pad(projected, ((0, 0), (0, 1)))
    return projected * (scale / max(np.abs(projected).max(), 1e-12))
