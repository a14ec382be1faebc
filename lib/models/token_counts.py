"""Count the tokens of a dataset's rows, to know how large its batches become.

Light: no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.audit.lengths import bundled_tokenizer_path, count_tokens
from lib.data.model_inputs import ModelInputs

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
    names = list(inputs.columns)
    train = inputs.frame.loc[inputs.frame["part"] == "train", names]
    chosen = choose_rows(train)
    counts = [count_tokens(inputs.read_column(chosen[name], name), tokenizer=path) for name in names]
    rows = np.minimum(np.stack(counts, axis=1), limit)
    everything = [inputs.read_column(inputs.frame[name], name) for name in names]
    longest_texts = [max(texts, key=_bytes, default="") for texts in everything]
    longest = count_tokens(longest_texts, tokenizer=path).max(initial=1)
    share = len(train) / max(1, len(chosen))  # the longest rows count as often as the others: an upper estimate
    return TokenCounts(rows, int(min(limit, max(longest, rows.max(initial=1)))), int(rows.sum() * share))


def likely_sum(values: np.ndarray, size: int) -> int:
    """Bound the sum of a random batch of values.

    The largest ones; or mean and deviations of a random batch, and its largest value, where that is less.
    """
    most = np.sort(values)[::-1]
    chance = size * most.mean() + LIKELY_DEVIATIONS * most.std() * size**0.5 + most[0]
    return int(min(most[:size].sum(), chance))


def choose_rows(train: pd.DataFrame) -> pd.DataFrame:
    """Choose the longest rows by bytes, and others by chance, always the same."""
    if len(train) <= MAX_COUNTED_ROWS:
        return train
    half = MAX_COUNTED_ROWS // 2
    order = np.argsort(-train.map(_bytes).sum(axis=1).to_numpy(), kind="stable")
    others = np.random.default_rng(0).choice(order[half:], MAX_COUNTED_ROWS - half, replace=False)
    return train.iloc[np.concatenate([order[:half], others])]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
