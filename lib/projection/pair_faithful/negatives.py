"""Who pushes whom: the points of each moment dealt out in a ring, so that a step reads its random company in the order it lies in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.projection.points import DistinctPoints


@dataclass(frozen=True)
class NegativeSampler:
    """The rings of all moments. In a step, each point is pushed by those that stand so many places on in its ring.

    pool: the rings one after the other, each twice, so that none runs over its end, the points of whom a moment is the first before the
    others; count (moments,): points of each ring; pieces (pieces, 3): moment, and from where to where in pool the points lie whose first
    moment it is; slot (p,): each point's place in pool.
    """

    pool: np.ndarray
    count: np.ndarray
    pieces: np.ndarray
    slot: np.ndarray

    def distances(self, steps: int, draws: int, *, seed: int) -> np.ndarray:
        """Draw how many places on the company stands, (steps, moments, draws), 1 to count - 1; a lone point's is itself, which pushes nothing."""
        others = np.maximum(1, self.count - 1)[:, None]
        found = 1 + (np.random.default_rng(seed).random((steps, len(self.count), draws)) * others).astype(np.int64)
        return found % self.count[:, None]


def negative_sampler(drawn: DistinctPoints, *, seed: int, piece: int) -> NegativeSampler:
    """Deal each moment's points out in random order, in pieces of at most so many points."""
    draw = np.random.default_rng(seed)
    pool: list[np.ndarray] = []
    pieces, slot, begin = [], np.empty(len(drawn.home), np.int64), 0
    for moment, at in enumerate(drawn.at):
        mixed = draw.permutation(at)
        own = drawn.home[mixed] == moment
        ring = np.concatenate([mixed[own], mixed[~own]])
        end = begin + int(np.count_nonzero(own))
        slot[mixed[own]] = np.arange(begin, end)
        pieces += [(moment, low, min(low + piece, end)) for low in range(begin, end, piece)]
        pool += [ring, ring]
        begin += 2 * len(ring)
    return NegativeSampler(np.concatenate(pool), np.array([len(at) for at in drawn.at]), np.array(pieces), slot)
