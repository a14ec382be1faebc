"""Count the tokens of a dataset's rows, to know how large its batches become.

Light: no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lib.data.audit.lengths import bundled_tokenizer_path, count_tokens
from lib.data.model_inputs import ModelInputs
from lib.data.text_array import TextArray

MAX_COUNTED_ROWS = 5_000
"""Rows that are counted: half of them the longest by bytes, the rest by chance."""

LIKELY_DEVIATIONS = 6.0
"""Standard deviations above its mean that no batch of a training reaches by chance: of 10^9 normal ones less than one."""


@dataclass(frozen=True)
class TokenCounts:
    """Tokens of training rows as a model reads them.

    rows: (rows, columns), of those counted. longest: of any text of the dataset. total: of all training rows, estimated.
    """

    rows: np.ndarray
    longest: int
    total: int

    def with_negatives(self, count: int) -> TokenCounts:
        """Add columns of mined negatives, which are as long as the last column's texts."""
        rows = np.concatenate([self.rows, *[self.rows[:, -1:]] * count], axis=1)
        return TokenCounts(rows, self.longest, self.total)

    def cut_to(self, length: int) -> TokenCounts:
        """Count as if the model read at most so many tokens of a text."""
        rows = np.minimum(self.rows, length)
        return TokenCounts(rows, min(self.longest, length), int(self.total * rows.sum() / max(1, self.rows.sum())))

    def packed_batch(self, size: int) -> int:
        """Bound the tokens of a batch of so many rows without padding."""
        return likely_sum(self.rows.sum(axis=1), size)

    def packed_squares(self, size: int, *, most: int) -> int:
        """Bound the sum of squared lengths of a batch, of texts of at most so many tokens."""
        return likely_sum((np.where(self.rows <= most, self.rows, 0).astype(np.int64) ** 2).sum(axis=1), size)

    def padded_batch(self, size: int) -> int:
        """Bound the tokens of a batch of so many rows, each column padded to its longest text."""
        return int(self.rows.max(axis=0).sum()) * min(size, len(self.rows))


def count_row_tokens(inputs: ModelInputs, *, limit: int, tokenizer: Path | None = None) -> TokenCounts:
    """Count the tokens of the training rows. limit: tokens that the model reads of a text.

    tokenizer: the model's tokenizer.json; None takes the bundled one, of which other tokenizers differ little.
    """
    path = str(tokenizer) if tokenizer else bundled_tokenizer_path()
    columns = {name: TextArray.of_cells(inputs.frame[name]) for name in inputs.columns}
    train = np.flatnonzero(inputs.frame["part"] == "train")
    sizes = {name: texts.byte_sizes() for name, texts in columns.items()}
    chosen = train[choose_rows(np.sum([sizes[name][train] for name in columns], axis=0))]
    longest_rows = {name: chosen[:0] if not len(own) else np.array([own.argmax()]) for name, own in sizes.items()}

    def count(name: str, rows: np.ndarray) -> np.ndarray:
        return count_tokens(list(columns[name].pick(rows)), tokenizer=path, prompt=inputs.prompt_of(name))

    rows = np.minimum(np.stack([count(name, chosen) for name in columns], axis=1), limit)
    longest = max(int(count(name, own).max(initial=1)) for name, own in longest_rows.items())
    share = len(train) / max(1, len(chosen))  # the longest rows count as often as the others: an upper estimate
    return TokenCounts(rows, int(min(limit, max(longest, rows.max(initial=1)))), int(rows.sum() * share))


def likely_sum(values: np.ndarray, size: int) -> int:
    """Bound the sum of a random batch of values.

    The largest ones; or mean and deviations of a random batch, and its largest value, where that is less.
    """
    most = np.sort(values)[::-1]
    chance = size * most.mean() + LIKELY_DEVIATIONS * most.std() * size**0.5 + most[0]
    return int(min(most[:size].sum(), chance))


def choose_rows(sizes: np.ndarray) -> np.ndarray:
    """Choose the longest rows, and others by chance, always the same: row numbers. sizes: (rows,) bytes."""
    if len(sizes) <= MAX_COUNTED_ROWS:
        return np.arange(len(sizes))
    half = MAX_COUNTED_ROWS // 2
    order = np.argsort(-sizes, kind="stable")
    others = np.random.default_rng(0).choice(order[half:], MAX_COUNTED_ROWS - half, replace=False)
    return np.concatenate([order[:half], others])
