"""Which rows stand in a batch together: never two where one's right target would count as the other's wrong one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
from sentence_transformers.base.sampler import DefaultBatchSampler


class FairBatches(DefaultBatchSampler):
    """Shuffled batches without false negatives; a pure function of seed and epoch, so that a resumed run sees the same.

    `anchors` and `targets` are integer ids of normalised texts by row. Two rows conflict when they share an anchor or a
    target, or when the target of one is a right target of the other's anchor anywhere in the data.
    """

    def __init__(self, anchors: np.ndarray, targets: np.ndarray, *, batch_size: int, seed: int) -> None:
        rows = range(len(anchors))
        super().__init__(rows, batch_size=batch_size, drop_last=False, seed=seed)
        self.anchors, self.targets, self.size, self.start = anchors.tolist(), targets.tolist(), batch_size, seed
        self.right: dict[int, set[int]] = {}
        for anchor, target in zip(self.anchors, self.targets, strict=True):
            self.right.setdefault(anchor, set()).add(target)
        self.free = len(self.right) == len(anchors) == len(set(self.targets))

    def __len__(self) -> int:
        count, rest = divmod(len(self.anchors), self.size)
        return max(1, count + (rest > 1))  # a batch of one pair has no negatives and teaches nothing

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng((self.start, self.epoch)).permutation(len(self.anchors)).tolist()
        batches = self._plain(order) if self.free else self._apart(order)
        yield from batches[: len(self)]

    def _plain(self, order: Sequence[int]) -> list[list[int]]:
        return [list(order[begin : begin + self.size]) for begin in range(0, len(order), self.size)]

    def _apart(self, order: Sequence[int]) -> list[list[int]]:
        """Fill batch after batch; a row that conflicts waits for the next one. What finds no place waits for the next epoch."""
        waiting: deque[int] = deque()
        stream = iter(order)
        batches = []
        for _ in range(len(self)):
            batch = Batch(self)
            for _ in range(len(waiting)):
                row = waiting.popleft()
                if len(batch.rows) == self.size or not batch.take(row):
                    waiting.append(row)
            while len(batch.rows) < self.size and (row := next(stream, -1)) >= 0:
                if not batch.take(row):
                    waiting.append(row)
            batches.append(batch.rows)
        return [batch for batch in batches if len(batch) > 1] or batches[:1]


class Batch:
    """The rows taken so far, and what they forbid."""

    def __init__(self, sampler: FairBatches) -> None:
        self.sampler = sampler
        self.rows: list[int] = []
        self.anchors: set[int] = set()
        self.targets: set[int] = set()
        self.forbidden: set[int] = set()

    def take(self, row: int) -> bool:
        """Take a row unless it conflicts with one that is in; say whether it was taken."""
        anchor, target = self.sampler.anchors[row], self.sampler.targets[row]
        right = self.sampler.right[anchor]
        if anchor in self.anchors or target in self.forbidden or not right.isdisjoint(self.targets):
            return False
        self.rows.append(row)
        self.anchors.add(anchor)
        self.targets.add(target)
        self.forbidden |= right
        return True
