"""Draw a map's lines and marks as a small picture, which stands until plotly is loaded and has drawn.

Marks of one look are one path of dots: a picture of 8,000 marks has some 60 elements, which a browser draws at once.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from lib.charts.colours import Palette
from lib.charts.map.svg import diverging_colour, path_data

_UNITS = 600
"""Height of the picture in its own units: about the pixels of a map on the page, in which marks and lines are measured."""

_COLOUR_STEPS = 8
"""Colours of a change, on either side of none."""

_HOLLOW = 0.45
"""Opacity of marks that are hollow on the map."""


def map_preview(figure: go.Figure, colours: Palette) -> str:
    """Write the first frame of a figure of one panel as SVG, without words."""
    (left, right), (low, high) = figure.layout.xaxis.range, figure.layout.yaxis.range
    scale = _UNITS / (high - low)
    parts = []
    for trace in figure.data:
        if trace.visible not in (None, True) or not len(trace.x):
            continue
        x = scale * (np.asarray(trace.x, np.float64) - left)
        y = scale * (high - np.asarray(trace.y, np.float64))
        if "lines" in trace.mode:
            parts.append(_path(path_data(x, y), trace.line.color, trace.line.width, _opacity(trace)))
        if "markers" in trace.mode:
            parts += _dots(trace, x, y, colours)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {scale * (right - left):.0f} {_UNITS}">{"".join(parts)}</svg>'


def _dots(trace: go.Scatter, x: np.ndarray, y: np.ndarray, colours: Palette) -> list[str]:
    """Write the marks of a trace, those of one colour, size and opacity together."""
    marker, count = trace.marker, len(x)
    symbol = str(marker.symbol or "circle")
    faint = _opacity(trace) * (_HOLLOW if "open" in symbol else 1.0)
    sizes = np.broadcast_to(np.asarray(marker.size, np.float64), count)
    opacity = faint * np.broadcast_to(np.asarray(1.0 if marker.opacity is None else marker.opacity), count)
    step = np.zeros(count)
    if not isinstance(marker.color, str):
        step = np.rint(_COLOUR_STEPS * np.clip(np.asarray(marker.color, np.float64) / marker.cmax, -1, 1))
    looks, number = np.unique(np.stack([step, sizes, opacity]), axis=1, return_inverse=True)
    parts = []
    for look, (colour_step, size, alpha) in enumerate(looks.T):
        colour = (
            marker.color if isinstance(marker.color, str) else diverging_colour(colour_step / _COLOUR_STEPS, colours)
        )
        rows = np.flatnonzero((number.ravel() == look) & ~np.isnan(x))
        places = "".join(f"M{a:.0f} {b:.0f}h0" for a, b in zip(x[rows], y[rows], strict=True))
        parts.append(_path(places, colour, size, alpha, cap="square" if symbol.startswith("square") else "round"))
    return parts


def _path(places: str, colour: str, width: float, opacity: float, *, cap: str = "butt") -> str:
    return (
        f'<path d="{places}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-opacity="{opacity:.2g}" '
        f'stroke-linecap="{cap}"/>'
        if places
        else ""
    )


def _opacity(trace: go.Scatter) -> float:
    return 1.0 if trace.opacity is None else float(trace.opacity)
