"""Draw one pair's trajectory through all snapshots, over the texts around it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from lib.charts.colours import palette, with_alpha
from lib.charts.map.trace import shorten
from lib.projection.store import Map

NUM_BACKGROUND = 1_500
"""Texts drawn around the pair, the nearest ones."""


def trajectory_figure(
    map_data: Map,
    texts: Sequence[str],
    source: int,
    target: int,
    near: dict[str, list[int]],
    *,
    height: int = 400,
    dark: bool = False,
) -> go.Figure:
    """Draw both texts' paths by snapshot, the line base and tuned, and the source's neighbours.

    near: neighbours by base, by tuned model.
    """
    colours = palette(dark=dark)
    names = list(map_data.coordinates)
    frames = np.stack([map_data.coordinates[name] for name in names])
    last = frames[-1]
    centre = frames[:, [source, target]].reshape(-1, 2).mean(axis=0)
    close = np.argsort(((last - centre) ** 2).sum(axis=1), kind="stable")[:NUM_BACKGROUND]
    data = [text_markers(last, close, texts, name="Other texts", colour=with_alpha(colours.same, 0.35), size=4)]
    for frame, name, colour, words in (
        (frames[0], "base", colours.base, "Neighbours, base"),
        (last, "tuned", colours.tuned, "Neighbours, tuned"),
    ):
        data.append(text_markers(frame, np.array(near.get(name, []), int), texts, name=words, colour=colour, size=8))
    for frame, colour, words in ((frames[0], colours.base, "Pair, base"), (last, colours.tuned, "Pair, tuned")):
        ends = frame[[source, target]]
        line = {"color": colour, "width": 2.5}
        data.append(go.Scatter(x=ends[:, 0], y=ends[:, 1], mode="lines", line=line, name=words, hoverinfo="skip"))
    labels = [escape(map_data.labels[name]) for name in names]
    for text, symbol, words in ((source, "circle", "Source"), (target, "square", "Target")):
        data.append(
            go.Scatter(
                x=frames[:, text, 0],
                y=frames[:, text, 1],
                mode="lines+markers",
                name=words,
                line={"color": colours.text, "width": 1.2, "dash": "dot"},
                marker={"size": np.linspace(7, 13, len(names)), "symbol": symbol, "color": colours.text},
                hoverinfo="text",
                hovertext=[f"{label}: {shorten(texts[text])}" for label in labels],
            )
        )
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    shown = frames[:, [source, target, *near.get("base", []), *near.get("tuned", [])]].reshape(-1, 2)
    low, high = shown.min(axis=0), shown.max(axis=0)
    room = 0.15 * max(float((high - low).max()), 0.5)
    return go.Figure(
        data,
        {
            "height": height,
            "margin": {"l": 0, "r": 0, "t": 8, "b": 0},
            "xaxis": {**hidden, "range": [float(low[0] - room), float(high[0] + room)]},
            "yaxis": {**hidden, "range": [float(low[1] - room), float(high[1] + room)], "scaleanchor": "x"},
            "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom"},
        },
    )


def text_markers(
    frame: np.ndarray, indices: np.ndarray, texts: Sequence[str], *, name: str, colour: str, size: int
) -> go.Scatter:
    """Build markers that show their text on hover."""
    hover = [shorten(texts[index]) for index in indices]
    x, y = frame[indices, 0], frame[indices, 1]
    marker = {"size": size, "color": colour}
    return go.Scatter(x=x, y=y, mode="markers", name=name, marker=marker, hoverinfo="text", hovertext=hover)
