"""Select distinct texts of a dataset: all of them, or a sample of each part."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.data.text_array import take_rows

ROOM = {"held_out": 0.6, "validation": 0.7, "train": 1.0}
"""How full each part, in this order, may make the list where not all texts fit."""


_BLOCK_ROWS = 8_000


def sample_texts(inputs: ModelInputs, *, limit: int) -> list[str]:
    """Select at most so many distinct plain texts.

    All of held-out, validation and train, else a sample of each.
    """
    frame, names = inputs.frame, list(inputs.columns)
    rows = {part: pd.Series(np.flatnonzero(frame["part"] == part)).sample(frac=1.0, random_state=0) for part in ROOM}
    texts: dict[str, None] = {}
    for share in (ROOM, dict.fromkeys(ROOM, 1.0)):  # what a part left over is filled up in the second round
        for part, most in share.items():
            for row in _texts_of_rows(frame[names], rows[part].to_numpy()):
                if len(texts) >= most * limit:
                    break
                texts.update((text, None) for text in row if text.strip())
    return list(texts)


def _texts_of_rows(frame: pd.DataFrame, rows: np.ndarray) -> Iterator[tuple[str, ...]]:
    """Yield the texts of rows by number, some at a time: mostly the first of them are enough."""
    for begin in range(0, len(rows), _BLOCK_ROWS):
        yield from take_rows(frame, rows[begin : begin + _BLOCK_ROWS]).itertuples(index=False, name=None)
