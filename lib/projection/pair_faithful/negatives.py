"""Sample the negatives of each step: the random points of the same snapshot that repel a point.

Negative sampling as in umap-learn (McInnes, Healy, Melville 2018, section 4.2), but all points share the same random offsets in a
shuffled ring: for each point that is a fair draw, and memory is read in order instead of at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.projection.points import DistinctPoints


@dataclass(frozen=True)
class NegativeSampler:
    """The points of each snapshot in a shuffled cyclic order.

    A point's negatives follow it at some offsets.

    rings: the rings of all snapshots one after the other, each twice, so that no offset runs over an end; in a ring, the points whose
    first snapshot it is come before the others. count (snapshots,): points of each ring. blocks (blocks, 3): snapshot, and first and
    last position in rings of points whose first snapshot it is. slot (points,): each point's position in rings.
    """

    rings: np.ndarray
    count: np.ndarray
    blocks: np.ndarray
    slot: np.ndarray

    def sample_offsets(self, steps: int, negatives: int, *, seed: int) -> np.ndarray:
        """Draw the offsets of the negatives, (steps, snapshots, negatives) int64, each from 1 to count - 1.

        A lone point has offset 0: it is its own negative, at distance 0, and is not repelled.
        """
        others = np.maximum(1, self.count - 1)[:, None]
        draw = np.random.default_rng(seed).random((steps, len(self.count), negatives))
        return (1 + (draw * others).astype(np.int64)) % self.count[:, None]


def negative_sampler(points: DistinctPoints, *, seed: int, block_size: int) -> NegativeSampler:
    """Shuffle the points of each snapshot into a ring, and cut the rings into blocks.

    A block has at most block_size points.
    """
    draw = np.random.default_rng(seed)
    rings: list[np.ndarray] = []
    blocks, slot, begin = [], np.empty(len(points.first_snapshot), np.int64), 0
    by_snapshot = points.by_snapshot
    for snapshot, members in enumerate(by_snapshot):
        shuffled = draw.permutation(members)
        is_new = points.first_snapshot[shuffled] == snapshot
        ring = np.concatenate([shuffled[is_new], shuffled[~is_new]])
        end = begin + int(np.count_nonzero(is_new))
        slot[shuffled[is_new]] = np.arange(begin, end)
        blocks += [(snapshot, low, min(low + block_size, end)) for low in range(begin, end, block_size)]
        rings += [ring, ring]
        begin += 2 * len(ring)
    count = np.array([len(members) for members in by_snapshot])
    return NegativeSampler(np.concatenate(rings), count, np.array(blocks), slot)
