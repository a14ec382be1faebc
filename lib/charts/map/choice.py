"""Choose which lines and texts of a map are drawn: all extremes, and a random sample of the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.projection.methods import NUM_EXTREMES
from lib.settings import MAX_DRAWN_POINTS

BACKGROUND_SHARE = 0.3
"""Of the drawn points, at most this share is background when there are more lines than fit."""


@dataclass(frozen=True)
class MapSample:
    """Rows of the lines that are drawn and text ids of the background; of how many of each."""

    lines: np.ndarray
    background: np.ndarray
    all_lines: int
    all_background: int

    @property
    def points(self) -> int:
        """Number of marks on the map."""
        return 2 * len(self.lines) + len(self.background)

    @property
    def all_points(self) -> int:
        """Number of marks without a limit."""
        return 2 * self.all_lines + self.all_background


def sample_map(
    lines: pd.DataFrame, texts: int, *, marked: tuple[int, ...] = (), most: int = MAX_DRAWN_POINTS, seed: int = 0
) -> MapSample:
    """Sample at most `most` points of a map.

    Marked pairs first, then the strongest changes, a seeded sample, and other texts.

    lines: pair, source, target, value. texts: how many texts are on the map.
    """
    ends = np.union1d(lines["source"].to_numpy(), lines["target"].to_numpy())
    behind = np.setdiff1d(np.arange(texts), ends)
    room = most if 2 * len(lines) <= most * (1 - BACKGROUND_SHARE) else int(most * (1 - BACKGROUND_SHARE))
    rows = sample_lines(lines, room // 2, marked=marked, seed=seed)
    return MapSample(rows, sample_rows(behind, most - 2 * len(rows), seed=seed), len(lines), len(behind))


def sample_lines(lines: pd.DataFrame, most: int, *, marked: tuple[int, ...], seed: int) -> np.ndarray:
    """Sample at most `most` rows of the lines, ascending.

    Marked lines first, then both ends of the change, then some of the rest.
    """
    if len(lines) <= most:
        return np.arange(len(lines))
    value = lines["value"].fillna(0).to_numpy()
    order = np.argsort(value, kind="stable")
    ends = min(NUM_EXTREMES, most // 4)
    required = np.flatnonzero(lines["pair"].isin(marked).to_numpy())[:most]
    rows = np.unique(np.concatenate([required, order[:ends], order[len(order) - ends :]]))
    rest = np.setdiff1d(np.arange(len(lines)), rows)
    return np.sort(np.concatenate([rows, sample_rows(rest, most - len(rows), seed=seed)]))[:most]


def sample_rows(rows: np.ndarray, most: int, *, seed: int) -> np.ndarray:
    """Sample at most `most` of the rows uniformly, ascending."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, max(0, most), replace=False))
