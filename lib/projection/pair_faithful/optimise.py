"""The pair-faithful layout: umap's neighbourhoods, and lines that change as the cosines of their pairs do. See docs/layout.md."""

from __future__ import annotations

import numpy as np

from lib.progress import Progress
from lib.projection.pair_faithful.graph import NeighbourGraph, build_graph
from lib.projection.pair_faithful.negatives import negative_sampler
from lib.projection.pair_faithful.springs import PairSprings, pair_springs, spring_weights, target_lengths
from lib.projection.points import DistinctPoints

NUM_STEPS = 450
REFIT_EVERY = 25
"""Steps between two fits of what a cosine means."""

TIE_STRENGTH, TIE_REACH = 1.0, 1.5
STEP_SIZE = 0.6
SPRING_STIFFNESS = 30.0
"""Final strength of the lines at balance 0.5, where 2 * degree is the strength of a point's neighbourhood."""


def pair_faithful_layout(
    drawn: DistinctPoints, pairs: np.ndarray, *, balance: float, seed: int, progress: Progress
) -> np.ndarray:
    """Draw all points (p, 2). balance 0: neighbourhoods alone, 1: pairs before all."""
    progress.stage("Drawing the map", "finding neighbours")
    graph = build_graph(drawn, tie=TIE_STRENGTH, reach=TIE_REACH, seed=seed, progress=progress)
    known = pair_springs(drawn, pairs, graph, seed=seed)
    progress.stage("Drawing the map", "moving the points")
    start = principal_components(drawn.vectors) + np.random.default_rng(seed).normal(0, 1e-3, (len(drawn.vectors), 2))
    return optimise(start, drawn, graph, known, strength=(2 * balance) ** 2, seed=seed, progress=progress)


def optimise(
    places: np.ndarray,
    drawn: DistinctPoints,
    graph: NeighbourGraph,
    known: PairSprings,
    *,
    strength: float,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Let the points move by falling steps while the lines grow stiffer, the cube of the time gone."""
    from lib.projection.pair_faithful import kernels

    places = np.ascontiguousarray(places.T)
    speed, pull, size = np.zeros_like(places), np.empty_like(places), places.shape[1]
    company = negative_sampler(drawn, seed=seed, piece=kernels.RING_BLOCK)
    far = company.distances(NUM_STEPS, kernels.NUM_NEGATIVES, seed=seed)
    around, push = np.empty((2, 2, len(company.pool)))
    by_point, hold = known.by_point(size), np.zeros(known.ends.shape)
    meant, weight = known.cosine, np.ones(known.cosine.shape[1])
    even, springs = weight, strength > 0 and known.cosine.size > 0
    with kernels.RowPool(size) as crew:
        for number in range(NUM_STEPS):
            gone = number / NUM_STEPS
            if number % REFIT_EVERY == 0:
                progress.check()
                progress.advance(number, NUM_STEPS)
                if springs and gone < 0.9:
                    meant = target_lengths(known, places)
                    weight = spring_weights(meant)
            if springs:
                counts = weight if gone > 0.5 else even
                crew.share(kernels.spring_forces, len(counts), places, known.ends, meant, counts, hold)
            crew.share(kernels.gather_positions, len(company.pool), places, company.pool, around)
            crew.share(kernels.repulsion_all, len(company.pieces), around, company.pieces, far[number], push)
            crew.share(kernels.attraction, size, places, graph.start, graph.end, graph.weight, pull)
            forces = (pull, push, company.slot, graph.degree, hold.reshape(2, -1), *by_point)
            stiffness, rate = strength * (1 + (SPRING_STIFFNESS - 1) * gone**3), STEP_SIZE * (1 - gone)
            crew.share(kernels.step, size, places, speed, *forces, stiffness, rate)
    return (places - places.mean(axis=1, keepdims=True)).T


def principal_components(vectors: np.ndarray, *, scale: float = 10.0) -> np.ndarray:
    """Return the first two principal components (p, 2) float64, the largest coordinate being scale; signs are fixed."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    first = directions[:, ::-1][:, :2]
    first = first * np.where(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])] < 0, -1, 1)
    drawn = centred.astype(np.float64) @ first
    if drawn.shape[1] < 2:
        drawn = np.pad(drawn, ((0, 0), (0, 1)))
    return drawn * (scale / max(np.abs(drawn).max(), 1e-12))
