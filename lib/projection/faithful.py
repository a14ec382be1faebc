"""The pair-faithful layout: umap's neighbourhoods, and lines that change as the cosines of their pairs do. See docs/layout.md."""

from __future__ import annotations

import numpy as np

from lib.progress import Progress
from lib.projection.graph import Graph, joint
from lib.projection.lines import Lines, excess, lengths, lines, meaning, weights
from lib.projection.points import Points

STEPS = 450
REFRESH = 25
"""Steps between two fits of what a cosine means."""

TIE, REACH = 1.0, 1.5
RATE, MOMENTUM, REPULSION = 0.6, 0.5, 15.0
STIFFNESS = 30.0
"""Final strength of the lines at balance 0.5, where 2 * degree is the strength of a point's neighbourhood."""


def faithful(drawn: Points, pairs: np.ndarray, *, balance: float, seed: int, progress: Progress) -> np.ndarray:
    """Draw all points (p, 2). balance 0: neighbourhoods alone, 1: pairs before all."""
    progress.stage("Drawing the map", "finding neighbours")
    graph = joint(drawn, tie=TIE, reach=REACH, seed=seed, progress=progress)
    known = lines(drawn, pairs, graph, seed=seed)
    progress.stage("Drawing the map", "moving the points")
    start = principal(drawn.vectors) + np.random.default_rng(seed).normal(0, 1e-3, (len(drawn.vectors), 2))
    return settle(start, drawn, graph, known, strength=(2 * balance) ** 2, seed=seed, progress=progress)


def settle(
    places: np.ndarray, drawn: Points, graph: Graph, known: Lines, *, strength: float, seed: int, progress: Progress
) -> np.ndarray:
    """Let the points move by falling steps while the lines grow stiffer, the cube of the time gone."""
    from lib.projection.kernels import step, threads

    places, speed = np.ascontiguousarray(places), np.zeros_like(places)
    threads(len(places))
    edges = (graph.start, graph.end, graph.weight, graph.degree)
    pools, ends = moments(drawn), known.by_point(len(places))
    force, meant, weight, stiffness = np.zeros(known.cosine.size), known.cosine, known.cosine[0], 0.0
    for number in range(STEPS):
        gone = number / STEPS
        if strength > 0 and known.cosine.size:
            if number % REFRESH == 0 and gone < 0.9:
                meant = meaning(known, places)
                weight = weights(meant)
            stiffness = strength * (1 + (STIFFNESS - 1) * gone**3)
            force = stiffness * excess(lengths(places, known.ends), meant, weight if gone > 0.5 else None).ravel()
        step(places, speed, edges, pools, ends, force, stiffness, number, seed, RATE * (1 - gone), MOMENTUM, REPULSION)
        if number % REFRESH == 0:
            progress.check()
            progress.advance(number, STEPS)
    return places - places.mean(axis=0)


def moments(drawn: Points) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all moments' points one after the other, and where the moment of each point begins and how many it has."""
    at = drawn.at
    count = np.array([len(places) for places in at])
    begin = np.concatenate([[0], np.cumsum(count)[:-1]])
    return np.concatenate(at), begin[drawn.home], count[drawn.home]


def principal(vectors: np.ndarray, *, scale: float = 10.0) -> np.ndarray:
    """Return the first two principal components (p, 2) float64, the largest coordinate being scale; signs are fixed."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    first = directions[:, ::-1][:, :2]
    first = first * np.where(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])] < 0, -1, 1)
    drawn = centred.astype(np.float64) @ first
    if drawn.shape[1] < 2:
        drawn = np.pad(drawn, ((0, 0), (0, 1)))
    return drawn * (scale / max(np.abs(drawn).max(), 1e-12))
