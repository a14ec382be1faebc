"""The share of every batch that each process of a training takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sentence_transformers.base.sampler import SetEpochMixin
from torch.utils.data import BatchSampler

from lib.errors import InputError
from lib.training.share_size import ShareSize


class BatchShares(SetEpochMixin, BatchSampler):
    """Cut each batch into equal shares, one for each process, in order of rank.

    A batch of B rows gives each of n processes B // n (a multiple of the share's unit); the rest, less than n units, is left out
    of this epoch. All shares are equal, as gathering needs; accelerate hands the i-th of every n to process i. A batch too small
    for all processes is replaced by the epoch's first, so that every epoch has the planned number of steps.
    """

    batch_size = None
    drop_last = True

    def __init__(self, sampler: Any, *, processes: int, size: ShareSize) -> None:
        self.sampler, self.processes, self.size = sampler, processes, size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the sampler whose batches are cut."""
        self.epoch = epoch
        self.sampler.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self.sampler) * self.processes

    def __iter__(self) -> Iterator[list[int]]:
        first: list[int] | None = None
        for batch in self.sampler:
            if first is None:
                first = self._must_be_enough(batch)
            rows = self.size.rows(len(batch), self.processes)
            if rows < self.size.least:
                batch, rows = first, self.size.rows(len(first), self.processes)
            for rank in range(self.processes):
                yield batch[rank * rows : (rank + 1) * rows]

    def _must_be_enough(self, batch: list[int]) -> list[int]:
        """Raise InputError where not even an epoch's first batch gives every process its least share."""
        if self.size.rows(len(batch), self.processes) < self.size.least:
            raise InputError(
                f"A batch of {len(batch)} examples is too small for {self.processes} processes.",
                todo=f"Use fewer processes, or batches of {self.processes * self.size.least} or more.",
            )
        return batch
