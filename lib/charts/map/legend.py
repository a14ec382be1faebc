"""The legend of a map: one entry for each colour, without points, so that exports explain themselves."""

from __future__ import annotations

import numpy as np

from lib.charts.colours import Palette
from lib.charts.map.trace import NOISE_OPACITY, Trace

LEGEND_NAMES = {
    "margin": ("Margin rose", "No change", "Margin dropped"),
    "cosine": ("Moved closer", "No change", "Moved apart"),
    "label": ("Moved toward label", "No change", "Moved away from label"),
}
"""What better, same and worse mean on a line, by the measure that colours the lines."""

NOISE_NAME = "Below the layout noise"


def legend_traces(colours: Palette, measure: str, *, faded: bool) -> list[Trace]:
    """Build one entry a colour, which hides and shows its lines by a click. faded: whether some lines are."""
    better, same, worse = LEGEND_NAMES[measure]
    traces = [
        legend_entry(name, colour, group)
        for name, colour, group in (
            (better, colours.better, "better"),
            (same, colours.same, "same"),
            (worse, colours.worse, "worse"),
        )
    ]
    return [*traces, legend_entry(NOISE_NAME, colours.same, "noise", opacity=NOISE_OPACITY)] if faded else traces


def legend_entry(name: str, colour: str, group: str, *, opacity: float = 1.0) -> Trace:
    """Build a line that is drawn in the legend alone."""
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
    """Position of a trace without points: one NaN."""
    gap = np.full(1, np.nan, np.float32)
    return gap, gap
