"""Which texts a training embeds in its snapshots, and after which epochs it writes one."""

from __future__ import annotations

import math

from lib.data.model_inputs import ModelInputs
from lib.data.text_sample import sample_texts
from lib.settings import MAX_DRAWN_POINTS

SHOWN_TEXTS = 8_000
"""Most texts with snapshots in a dataset of ordinary size: each costs time in every epoch."""

SHOWN_SHARE = 0.4
"""Texts with snapshots per row of a large dataset, up to the size of a map.

Still a small part of an epoch's time.
"""

EPOCHS_SHOWN = 12
"""A run of many epochs keeps about this many of them."""


def shown_limit(rows: int) -> int:
    """Compute how many texts of a dataset of so many rows have snapshots."""
    return min(MAX_DRAWN_POINTS, max(SHOWN_TEXTS, int(SHOWN_SHARE * rows)))


def shown_texts(inputs: ModelInputs) -> list[str]:
    """Select the distinct plain texts for snapshots."""
    return sample_texts(inputs, limit=shown_limit(len(inputs.frame)))


def is_shown(epoch: int, epochs: int) -> bool:
    """Check whether an epoch's snapshot is kept: the first three, then evenly spaced, to bound disk use."""
    return epoch <= 3 or epoch % max(1, math.ceil(epochs / EPOCHS_SHOWN)) == 0


def count_snapshots(epochs: int) -> int:
    """Count the most snapshots that a run of so many epochs keeps, base and best among them."""
    return min(epochs, EPOCHS_SHOWN + 3) + 2
