"""Compute the pair-faithful layout: UMAP's neighbourhoods, and lines that change as their cosines do.

See docs/layout.md.
"""

from __future__ import annotations

import numpy as np

from lib.models.pca import principal_directions
from lib.progress import Progress
from lib.projection.pair_faithful.forces import Forces, Motion, Springs
from lib.projection.pair_faithful.graph import NeighbourGraph, build_graph
from lib.projection.pair_faithful.negatives import negative_sampler
from lib.projection.pair_faithful.springs import PairSprings, pair_springs, spring_weights, target_lengths
from lib.projection.points import DistinctPoints

NUM_STEPS = 450
REFIT_EVERY = 25
"""Steps between two fits of target length on cosine."""

REFIT_UNTIL, WEIGH_FROM = 0.9, 0.5
"""Shares of the steps: after the first the springs' fit stays.

After the second, lines whose cosine changed little count more.
"""

TIE_STRENGTH, TIE_REACH = 1.0, 1.5
STEP_SIZE = 0.6
"""At the first step; it falls linearly to 0."""

SPRING_STIFFNESS = 30.0
"""Final stiffness of the springs at balance 0.5.

2 * degree is the stiffness of a point's neighbourhood.
"""


def pair_faithful_layout(
    points: DistinctPoints, pairs: np.ndarray, *, balance: float, seed: int, progress: Progress
) -> np.ndarray:
    """Compute the positions (points, 2) for pairs (m, 2) of texts.

    balance: 0 neighbourhoods alone, 1 pairs first.
    """
    progress.stage("Drawing the map", "finding neighbours")
    graph = build_graph(points, tie_strength=TIE_STRENGTH, tie_reach=TIE_REACH, seed=seed, progress=progress)
    springs = pair_springs(points, pairs, graph, seed=seed)
    progress.stage("Drawing the map", "moving the points")
    start = principal_components(points.vectors)
    start = start + np.random.default_rng(seed).normal(
        0, 1e-3, start.shape
    )  # texts that PCA puts on one place can part
    return optimise(start, points, graph, springs, strength=(2 * balance) ** 2, seed=seed, progress=progress)


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

    Meanwhile the springs stiffen with the cube of the time.

    All random numbers are drawn before the first step. strength: of the springs, 1 at balance 0.5.
    """
    from lib.projection.pair_faithful import kernels

    position = np.ascontiguousarray(start.T)
    num_points, (num_snapshots, num_pairs) = position.shape[1], springs.cosine.shape
    motion = Motion(position, np.zeros_like(position))
    negatives = negative_sampler(points, seed=seed, block_size=kernels.RING_BLOCK)
    offsets = negatives.sample_offsets(NUM_STEPS, kernels.NUM_NEGATIVES, seed=seed)
    ring_position, repulsion = np.empty((2, 2, len(negatives.rings)))
    spring = np.zeros((2, num_snapshots, num_pairs))
    forces = Forces(np.empty_like(position), repulsion, negatives.slot, spring.reshape(2, -1), graph.degree)
    lines = springs.by_point(num_points)
    has_springs = strength > 0 and springs.cosine.size > 0
    target, weight, equal = springs.cosine, np.ones(num_pairs), np.ones(num_pairs)
    with kernels.RowPool(num_points) as pool:
        for number in range(NUM_STEPS):
            time = number / NUM_STEPS
            if number % REFIT_EVERY == 0:
                progress.check()
                progress.advance(number, NUM_STEPS)
                if has_springs and time < REFIT_UNTIL:
                    target = target_lengths(springs, position)
                    weight = spring_weights(target)
            if has_springs:
                now = Springs(springs.ends, target, weight if time > WEIGH_FROM else equal)
                pool.map_rows(kernels.spring_forces, num_pairs, position, now, spring)
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
            stiffness = strength * (1 + (SPRING_STIFFNESS - 1) * time**3)
            pool.map_rows(kernels.step, num_points, motion, forces, lines, stiffness, STEP_SIZE * (1 - time))
    return (position - position.mean(axis=1, keepdims=True)).T


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
