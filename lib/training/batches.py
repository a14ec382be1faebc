"""Batches for in-batch negatives, without false negatives.

No row's right target is another row's negative.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
from sentence_transformers.base.sampler import DefaultBatchSampler

from lib.errors import InputError
from lib.training.epoch_plan import fair_steps

MOST_TRIES = 8
"""Rows tried for a batch, in batch sizes.

Without a limit one text in every row costs n squared.
"""

MOST_STARTS = 200
"""Rows from which a second one is looked for, in data where hardly any two go together."""


class FairBatches(DefaultBatchSampler):
    """Shuffled batches without false negatives.

    A pure function of seed and epoch, so that a resumed run sees the same.

    In-batch negatives (InfoNCE) count the targets and negatives of all other rows of a batch as wrong for an anchor:
    a right one among them would make the loss push a right pair apart.

    `anchors`, `targets` (n,) and `negatives` (n, k) are integer ids of normalised texts by row, shared by all sides. Two
    rows conflict when they share an anchor or a target, or when a target or negative of one is a right target of the
    other's anchor anywhere in the data, or that anchor itself.
    """

    def __init__(
        self,
        anchors: np.ndarray,
        targets: np.ndarray,
        *,
        batch_size: int,
        seed: int,
        negatives: np.ndarray | None = None,
    ) -> None:
        super().__init__(range(len(anchors)), batch_size=batch_size, drop_last=False, seed=seed)
        self.anchors, self.targets, self.size, self.start = anchors.tolist(), targets.tolist(), batch_size, seed
        wrong = negatives if negatives is not None and negatives.size else np.empty((len(anchors), 0), dtype=np.int64)
        self.candidates = [(target, *row) for target, row in zip(self.targets, wrong.tolist(), strict=True)]
        self.right = right_targets(self.anchors, self.targets)
        self.free = not wrong.size and len({*self.anchors, *self.targets}) == 2 * len(self.anchors)
        if len(set(self.targets)) < 2 or len(set(self.anchors)) < 2:
            raise InputError(
                "All training pairs share one text, so that no batch has anything to tell apart.",
                todo="Add pairs with other sources and targets.",
            )

    def __len__(self) -> int:
        return fair_steps(len(self.anchors), self.size)

    def __iter__(self) -> Iterator[list[int]]:
        # seeded by (seed, epoch) alone: no state to save, any epoch's order can be computed again
        order = np.random.default_rng((self.start, self.epoch)).permutation(len(self.anchors)).tolist()
        batches = self._plain(order) if self.free else self._apart(order)
        yield from batches[: len(self)]

    def _plain(self, order: Sequence[int]) -> list[list[int]]:
        return [list(order[begin : begin + self.size]) for begin in range(0, len(order), self.size)]

    def _apart(self, order: Sequence[int]) -> list[list[int]]:
        """Fill batches greedily; a row that conflicts waits for the next batch, at the end for the next epoch."""
        waiting: deque[int] = deque()
        stream = iter(order)
        batches = []
        for _ in range(len(self)):
            batch = Batch(self)
            for _ in range(min(len(waiting), MOST_TRIES * self.size)):
                row = waiting.popleft()
                if len(batch.rows) == self.size or not batch.take(row):
                    waiting.append(row)
            tries = MOST_TRIES * self.size
            while len(batch.rows) < self.size and tries > 0 and (row := next(stream, -1)) >= 0:
                if not batch.take(row):
                    waiting.append(row)
                    tries -= 1
            batches.append(batch.rows)
        return self._whole_epoch([batch for batch in batches if len(batch) > 1], order)

    def _whole_epoch(self, batches: list[list[int]], order: Sequence[int]) -> list[list[int]]:
        """Repeat batches from the first on up to the planned number of steps."""
        batches = batches or [self._any_two(order)]
        return [batches[number % len(batches)] for number in range(len(self))]

    def _any_two(self, order: Sequence[int]) -> list[int]:
        """Find two rows that do not conflict; where there are none, two with different targets."""
        for first in order[:MOST_STARTS]:
            batch = Batch(self)
            batch.take(first)
            if any(row != first and batch.take(row) for row in order):
                return batch.rows
        other = next((row for row in order if self.targets[row] != self.targets[order[0]]), order[-1])
        return [order[0], other]


def right_targets(anchors: Sequence[int], targets: Sequence[int]) -> dict[int, set[int]]:
    """Collect for each text its right targets, the sources it is a target of, and itself."""
    right: dict[int, set[int]] = {}
    for anchor, target in zip(anchors, targets, strict=True):
        right.setdefault(anchor, {anchor}).add(target)
    for anchor, target in zip(anchors, targets, strict=True):
        if target in right:  # it stands on the source side too
            right[target].add(anchor)
    return right


class Batch:
    """A batch being filled: rows, anchors, candidates, and the right texts of its anchors."""

    def __init__(self, sampler: FairBatches) -> None:
        self.sampler = sampler
        self.rows: list[int] = []
        self.anchors: set[int] = set()
        self.candidates: set[int] = set()
        self.forbidden: set[int] = set()

    def take(self, row: int) -> bool:
        """Add a row unless it conflicts with one of the batch; True where it was added."""
        anchor, candidates = self.sampler.anchors[row], self.sampler.candidates[row]
        right = self.sampler.right[anchor]
        # R(a): the texts right for anchor a; C(i): target and negatives of row i. Row j fits when for all i in the batch
        # a_j != a_i, t_j is not in C(i), C(j) and R(a_i) are disjoint, and R(a_j) and C(i) are disjoint.
        if (
            anchor in self.anchors
            or candidates[0] in self.candidates
            or not self.forbidden.isdisjoint(candidates)
            or not right.isdisjoint(self.candidates)
        ):
            return False
        self.rows.append(row)
        self.anchors.add(anchor)
        self.candidates.update(candidates)
        self.forbidden |= right
        return True
