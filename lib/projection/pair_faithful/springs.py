"""What the cosine of a pair asks of its line: how much longer or shorter it should be at each moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from lib.projection.pair_faithful.graph import NeighbourGraph
from lib.projection.points import DistinctPoints

SAMPLE_SIZE = 4_000
"""Random and neighbouring texts, each, from which the meaning of a cosine is learnt."""

COSINE_GRID = np.linspace(-0.2, 1.0, 61)
SMALL_CHANGE_OFFSET = 0.3
"""How much more a line counts whose cosine hardly changed: its sign is the easiest to get wrong."""


@dataclass(frozen=True)
class PairSprings:
    """The pairs at all moments: ends (2, moments, pairs) points, cosine (moments, pairs); sample of point pairs and their cosines."""

    ends: np.ndarray
    cosine: np.ndarray
    sample: np.ndarray
    sample_cosine: np.ndarray

    def by_point(self, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return CSR over points: start (size + 1), the line of each entry, and 1 where the point is its first end, else -1."""
        here = self.ends.ravel()
        line = np.tile(np.arange(here.size // 2), 2)
        sign = np.repeat([1.0, -1.0], here.size // 2)
        order = np.argsort(here, kind="stable")
        start = np.searchsorted(here[order], np.arange(size + 1))
        return start.astype(np.uint32), line[order].astype(np.uint32), sign[order]


def pair_springs(drawn: DistinctPoints, pairs: np.ndarray, graph: NeighbourGraph, *, seed: int) -> PairSprings:
    """Collect the lines of pairs (m, 2) of text places, and draw the sample of random and neighbouring points of one moment."""
    ends = np.stack([drawn.of[:, pairs[:, 0]], drawn.of[:, pairs[:, 1]]])
    draw = np.random.default_rng(seed)
    moment = draw.integers(0, len(drawn.of), SAMPLE_SIZE)
    texts = draw.integers(0, drawn.of.shape[1], (2, SAMPLE_SIZE))
    random = np.stack([drawn.of[moment, texts[0]], drawn.of[moment, texts[1]]])
    edge = draw.integers(0, max(1, len(graph.end)), SAMPLE_SIZE if len(graph.end) else 0)
    near = np.stack([np.searchsorted(graph.start, edge, side="right") - 1, graph.end[edge]])
    near = near[:, drawn.home[near[0]] == drawn.home[near[1]]]
    sample = np.concatenate([random, near], axis=1)
    return PairSprings(ends, point_cosines(drawn.vectors, ends), sample, point_cosines(drawn.vectors, sample))


def point_cosines(vectors: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the cosine of the points at both ends (2, ...) of unit vectors."""
    return np.einsum("...d,...d->...", vectors[ends[0]], vectors[ends[1]]).astype(np.float64)


def drawn_lengths(places: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the drawn distance (places (2, p)) between both ends (2, ...)."""
    away = places[:, ends[0]] - places[:, ends[1]]
    return np.sqrt((away * away).sum(axis=0))


def target_lengths(known: PairSprings, places: np.ndarray) -> np.ndarray:
    """Return the length (moments, pairs) that each cosine means in this layout.

    Isotonic regression of drawn distance on cosine over the sample, smoothed, and made strictly falling so that any change counts.
    """
    order = np.argsort(known.sample_cosine, kind="stable")
    fitted = isotonic_regression(drawn_lengths(places, known.sample)[order], increasing=False).x
    curve = np.interp(COSINE_GRID, known.sample_cosine[order], fitted)
    curve = np.convolve(np.pad(curve, 4, mode="edge"), np.full(9, 1 / 9), "valid")
    curve += (1 - COSINE_GRID) * 0.3 * curve.mean()
    return np.interp(known.cosine, COSINE_GRID, curve)


def spring_weights(meant: np.ndarray) -> np.ndarray:
    """Return how much each line (pairs,) counts, 1 in the mean: more where its length (moments, pairs) hardly changes."""
    change = np.abs(meant[-1] - meant[0])
    typical = np.median(change)
    if typical <= 0:
        return np.ones(len(change))
    weight = 1 / (change + SMALL_CHANGE_OFFSET * typical)
    return weight / weight.mean()
