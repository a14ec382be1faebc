"""Which texts a training embeds in its snapshots, and after which epochs it writes one."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.settings import MAX_DRAWN_POINTS

SHOWN_TEXTS = 8_000
"""Most texts with snapshots in a dataset of ordinary size: each costs time in every epoch."""

SHOWN_SHARE = 0.4
"""Texts with snapshots per row of a large dataset, up to the size of a map.

Still a small part of an epoch's time.
"""

ROOM = {"held_out": 0.6, "validation": 0.7, "train": 1.0}
"""How full each part, in this order, may make the list where not all texts fit."""

EPOCHS_SHOWN = 12
"""A run of many epochs keeps about this many of them."""


def shown_limit(rows: int) -> int:
    """Compute how many texts of a dataset of so many rows have snapshots."""
    return min(MAX_DRAWN_POINTS, max(SHOWN_TEXTS, int(SHOWN_SHARE * rows)))


def shown_texts(inputs: ModelInputs, *, limit: int | None = None) -> list[str]:
    """Select the distinct plain texts for snapshots.

    All of held-out, validation and train, else a sample of each.
    """
    frame, names = inputs.frame, list(inputs.columns)
    limit = shown_limit(len(frame)) if limit is None else limit
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
    for begin in range(0, len(rows), SHOWN_TEXTS):
        yield from frame.iloc[rows[begin : begin + SHOWN_TEXTS]].itertuples(index=False, name=None)


def is_shown(epoch: int, epochs: int) -> bool:
    """Check whether an epoch's snapshot is kept: the first three, then evenly spaced, to bound disk use."""
    return epoch <= 3 or epoch % max(1, math.ceil(epochs / EPOCHS_SHOWN)) == 0


def count_snapshots(epochs: int) -> int:
    """Count the most snapshots that a run of so many epochs keeps, base and best among them."""
    return min(epochs, EPOCHS_SHOWN + 3) + 2
