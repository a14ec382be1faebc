"""Batches for in-batch negatives, without false negatives.

No row's right target is another row's negative.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

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
        self.anchors, self.targets, self.size, self.start = np.asarray(anchors), np.asarray(targets), batch_size, seed
        self.negatives = negatives if negatives is not None and negatives.size else None
        self.right = RightTexts(self.anchors, self.targets)
        sources, answers = np.unique(self.anchors), np.unique(self.targets)
        distinct = len(sources) + len(np.setdiff1d(answers, sources, assume_unique=True))
        self.free = self.negatives is None and distinct == 2 * len(self.anchors)
        if len(answers) < 2 or len(sources) < 2:
            raise InputError(
                "All training pairs share one text, so that no batch has anything to tell apart.",
                todo="Add pairs with other sources and targets.",
            )

    def __len__(self) -> int:
        return fair_steps(len(self.anchors), self.size)

    def __iter__(self) -> Iterator[list[int]]:
        # seeded by (seed, epoch) alone: no state to save, any epoch's order can be computed again
        order = np.random.default_rng((self.start, self.epoch)).permutation(len(self.anchors))
        yield from islice(self._plain(order) if self.free else self._apart(order), len(self))

    def candidates(self, row: int) -> list[int]:
        """List the target and the negatives of a row: what it adds to the texts that others must differ from."""
        own = [] if self.negatives is None else self.negatives[row].tolist()
        return [int(self.targets[row]), *own]

    def _plain(self, order: np.ndarray) -> Iterator[list[int]]:
        for begin in range(0, len(order), self.size):
            yield order[begin : begin + self.size].tolist()

    def _apart(self, order: np.ndarray) -> Iterator[list[int]]:
        """Fill batches greedily; a row that conflicts waits for the next batch, at the end for the next epoch.

        Batches repeat from the first on up to the planned number of steps.
        """
        waiting: deque[int] = deque()
        stream = map(int, order)
        full: list[np.ndarray] = []
        for _ in range(len(self)):
            rows = self._fill(waiting, stream)
            if len(rows) > 1:
                full.append(np.array(rows, dtype=np.int32))
                yield rows
        missing = len(self) - len(full)
        full = full or [np.array(self._any_two(order))]
        for number in range(missing):
            yield full[number % len(full)].tolist()

    def _fill(self, waiting: deque[int], stream: Iterator[int]) -> list[int]:
        """Fill a batch with rows that wait, then with new ones; those that conflict wait."""
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
        return batch.rows

    def _any_two(self, order: np.ndarray) -> list[int]:
        """Find two rows that do not conflict; where there are none, two with different targets."""
        for first in order[:MOST_STARTS].tolist():
            batch = Batch(self)
            batch.take(first)
            if any(row != first and batch.take(row) for row in map(int, order)):
                return batch.rows
        differs = np.flatnonzero(self.targets[order] != self.targets[order[0]])
        return [int(order[0]), int(order[differs[0]] if len(differs) else order[-1])]


class RightTexts:
    """For each text that is a source: its right targets, the sources it is a target of, and itself.

    In one array, sorted by text, with the place where each text's begin: sets would take a kilobyte a row.
    """

    def __init__(self, anchors: np.ndarray, targets: np.ndarray) -> None:
        count = int(max(anchors.max(), targets.max())) + 1
        is_source = np.zeros(count, dtype=bool)
        is_source[anchors] = True
        back, own = is_source[targets], np.flatnonzero(is_source)
        texts, right = np.concatenate([anchors, targets[back], own]), np.concatenate([targets, anchors[back], own])
        self._right = right[np.argsort(texts, kind="stable")]
        self._begins = np.concatenate([[0], np.cumsum(np.bincount(texts, minlength=count))])

    def __getitem__(self, text: int) -> list[int]:
        right: list[int] = self._right[self._begins[text] : self._begins[text + 1]].tolist()
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
        anchor = int(self.sampler.anchors[row])
        # R(a): the texts right for anchor a; C(i): target and negatives of row i. Row j fits when for all i in the batch
        # a_j != a_i, t_j is not in C(i), C(j) and R(a_i) are disjoint, and R(a_j) and C(i) are disjoint.
        if anchor in self.anchors:
            return False
        candidates = self.sampler.candidates(row)
        if candidates[0] in self.candidates or not self.forbidden.isdisjoint(candidates):
            return False
        right = self.sampler.right[anchor]
        if not self.candidates.isdisjoint(right):
            return False
        self.rows.append(row)
        self.anchors.add(anchor)
        self.candidates.update(candidates)
        self.forbidden.update(right)
        return True
