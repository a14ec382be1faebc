"""Describe one trace of a map: its style, and its positions in any snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd

HOVER_CHARACTERS = 110
MAP_LABEL_CHARACTERS = 30

NOISE_OPACITY = 0.3
"""Opacity, in the legend, of lines whose drawn change is below the layout noise."""

Positions = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From a frame (texts, 2) to the x and y of one trace."""


@dataclass(frozen=True)
class Trace:
    """One trace: plotly's style, its positions in a frame, and the pair of each point.

    No pair: nothing to select.

    texts: the text id of each point that stands for one. vector: drawn as SVG even where the rest is WebGL, so that words stay sharp.
    shown: by snapshot which points are drawn, where not all are.
    """

    style: Mapping[str, object]
    positions: Positions
    pairs: np.ndarray
    texts: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    vector: bool = False
    shown: Mapping[str, np.ndarray] | None = None

    def at(self, snapshot: str, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read x and y of the points from a snapshot's frame (texts, 2), NaN where they are not drawn."""
        x, y = self.positions(frame)
        if self.shown is None or snapshot not in self.shown:
            return x, y
        hidden = ~self.shown[snapshot]
        return np.where(hidden, np.float32(np.nan), x), np.where(hidden, np.float32(np.nan), y)


def text_positions(texts: np.ndarray) -> Positions:
    """Build the function that reads these texts' positions (float32) from a frame."""
    rows = np.asarray(texts, dtype=np.int64)
    return lambda frame: (frame[rows, 0], frame[rows, 1])


def line_positions(lines: pd.DataFrame) -> Positions:
    """Build the function that reads these lines, source to target with a gap after each, from a frame."""
    ends = lines[["source", "target"]].to_numpy(np.int64)

    def positions(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spread = np.full((len(ends), 3, 2), np.nan, np.float32)
        spread[:, :2] = frame[ends]
        return spread[:, :, 0].ravel(), spread[:, :, 1].ravel()

    return positions


def middle_positions(lines: pd.DataFrame) -> Positions:
    """Build the function that reads the middle of each of these lines from a frame."""
    ends = lines[["source", "target"]].to_numpy(np.int64)

    def positions(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        middle = frame[ends].mean(axis=1, dtype=np.float32)
        return middle[:, 0], middle[:, 1]

    return positions


def shorten(text: str, most: int = HOVER_CHARACTERS) -> str:
    """Put the text on one line, cut and HTML-escaped: plotly interprets tags, and shows &quot; as it is."""
    flat = " ".join(text.split())
    return escape(flat if len(flat) <= most else flat[: most - 1] + "…", quote=False)
