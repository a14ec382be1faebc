"""The key of a map's colours: entries of the legend that stand for no mark, so that the figure explains itself wherever it is taken."""

from __future__ import annotations

import numpy as np

from lib.charts.colours import Palette
from lib.charts.map.trace import NOISE_OPACITY, Trace

LEGEND_NAMES = {
    "margin": ("Came closer", "Stayed", "Fell back"),
    "cosine": ("Came closer", "Stayed", "Went apart"),
    "label": ("Moved as asked", "Stayed", "Moved the other way"),
}
"""What better, same and worse mean on a line, by what colours the lines."""

NOISE_NAME = "Below the layout's noise"


def legend_traces(colours: Palette, measure: str, *, faded: bool) -> list[Trace]:
    """Return one entry a colour; a click on it hides and shows the lines of that colour. faded: whether some lines are."""
    better, same, worse = LEGEND_NAMES[measure]
    found = [
        legend_entry(name, colour, group)
        for name, colour, group in (
            (better, colours.better, "better"),
            (same, colours.same, "same"),
            (worse, colours.worse, "worse"),
        )
    ]
    return [*found, legend_entry(NOISE_NAME, colours.same, "noise", opacity=NOISE_OPACITY)] if faded else found


def legend_entry(name: str, colour: str, group: str, *, opacity: float = 1.0) -> Trace:
    """Return a line that is drawn in the legend alone."""
    style = {
        "mode": "lines",
        "name": name,
        "legendgroup": group,
        "line": {"color": colour, "width": 3},
        "opacity": opacity,
        "hoverinfo": "skip",
    }
    return Trace(style, no_position, np.empty(0, np.int64), vector=True)


def no_position(_frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one place that is no place."""
    gap = np.full(1, np.nan, np.float32)
    return gap, gap
