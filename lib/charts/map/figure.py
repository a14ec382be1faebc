"""Build the map as one plotly figure with a frame for each snapshot.

A zoom survives a change of snapshot, and the slider needs no server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.colours import Palette, palette
from lib.charts.map.choice import MapSample, sample_map
from lib.charts.map.groups import MarkGroups
from lib.charts.map.preview import map_preview
from lib.charts.map.scene import MapContent, TextClasses, map_traces
from lib.charts.map.trace import Trace
from lib.projection.store import Map
from lib.settings import MAX_DRAWN_POINTS

MAX_SVG_POINTS = 2_000
"""Most points drawn as SVG, whose marks plotly itself moves smoothly.

Beyond, WebGL, whose marks transition.js moves: of 4,000 points it takes a sixth less of the browser's time until the map stands.
"""

MAP_HEIGHT = 640
TRANSPARENT = "rgba(0,0,0,0)"
"""No background of its own: the page's shows."""


@dataclass(frozen=True)
class MapFigure:
    """The figure, what it draws of how much, pair and text of each trace's points, and its colours."""

    figure: go.Figure
    choice: MapSample
    pairs: tuple[np.ndarray, ...]
    texts: tuple[np.ndarray, ...]
    colours: Palette

    @cached_property
    def preview(self) -> str:
        """Write the picture that stands for the figure while plotly is loaded."""
        return map_preview(self.figure, self.colours)

    def pair_at(self, curve: int, point: int) -> int | None:
        """Look up the pair of a point of a trace; None for the background."""
        return _number_at(self.pairs, curve, point)

    def text_at(self, curve: int, point: int) -> int | None:
        """Look up the text of a point of a trace; None for what is no text's mark."""
        return _number_at(self.texts, curve, point)


def _number_at(traces: tuple[np.ndarray, ...], curve: int, point: int) -> int | None:
    numbers = traces[curve] if 0 <= curve < len(traces) else ()
    return int(numbers[point]) if 0 <= point < len(numbers) else None


def map_figure(
    map_data: Map,
    lines: pd.DataFrame,
    texts: Sequence[str],
    *,
    start: str = "",
    marked: tuple[int, ...] = (),
    measure: str = "cosine",
    classes: TextClasses | None = None,
    groups: MarkGroups | None = None,
    doubtful: Mapping[str, np.ndarray] | None = None,
    most: int = MAX_DRAWN_POINTS,
    is_svg: bool = False,
    height: int = MAP_HEIGHT,
    dark: bool = False,
) -> MapFigure:
    """Draw the lines of a map over all its texts.

    lines: pair, part, source, target (text ids), value (change of the measure), faded, base_cosine, tuned_cosine.
    start: the snapshot shown first (base where it is not known). classes: labelled texts to colour; groups: what colours pairs in place
    of the change; doubtful: by snapshot the texts to mark; is_svg: no WebGL, however many points. The same input gives the same bytes.
    """
    choice = sample_map(lines, len(texts), marked=marked, most=most)
    names, frames = list(map_data.coordinates), list(map_data.coordinates.values())
    subject = MapContent(lines.iloc[choice.lines], choice.background, texts, marked, measure, classes, groups, doubtful)
    colours = palette(dark=dark)
    scene = map_traces(subject, colours, (frames[0], frames[-1]))
    smooth = is_svg or choice.points <= MAX_SVG_POINTS
    first = start if start in map_data.coordinates else names[0]
    data = plotly_traces(scene, map_data, first, smooth=smooth, with_style=True)
    steps = [go.Frame(name=name, data=plotly_traces(scene, map_data, name, smooth=smooth)) for name in names]
    figure = go.Figure(data=data, frames=steps, layout=base_layout(map_data, height, colours))
    if len(names) > 1:
        figure.update_layout(
            sliders=[snapshot_slider(map_data, first, colours, smooth=smooth)],
            updatemenus=[play_buttons(names, colours, smooth=smooth)],
        )
    pairs, text_ids = tuple(trace.pairs for trace in scene), tuple(trace.texts for trace in scene)
    return MapFigure(figure, choice, pairs, text_ids, colours)


def plotly_traces(
    scene: list[Trace], map_data: Map, snapshot: str, *, smooth: bool, with_style: bool = False
) -> list[go.Scatter]:
    """Build plotly's traces at their positions (float32) in a snapshot. with_style: with their style, too."""
    traces, frame = [], map_data.coordinates[snapshot]
    for trace in scene:
        x, y = trace.at(snapshot, frame)
        kind = go.Scatter if smooth or trace.vector else go.Scattergl
        traces.append(kind({**(trace.style if with_style else {}), "x": x, "y": y}))
    return traces


def base_layout(map_data: Map, height: int, colours: Palette) -> dict[str, object]:
    """Build the layout: one range for all snapshots, room for the slider, no axes.

    The coordinates of a map mean nothing, so they are not shown.
    """
    every = np.concatenate(list(map_data.coordinates.values()))
    low, high = np.quantile(every, 0.001, axis=0), np.quantile(every, 0.999, axis=0)
    room = 0.06 * np.maximum(high - low, 1e-3)
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    return {
        "height": height,
        "margin": {"l": 0, "r": 32, "t": 8, "b": 0},
        "xaxis": {**axis, "range": [float(low[0] - room[0]), float(high[0] + room[0])]},
        "yaxis": {**axis, "range": [float(low[1] - room[1]), float(high[1] + room[1])], "scaleanchor": "x"},
        "legend": {
            "orientation": "h",
            "y": 1.0,
            "yanchor": "bottom",
            "x": 0,
            "itemsizing": "constant",
            "tracegroupgap": 0,
            "traceorder": "normal",
        },
        "paper_bgcolor": TRANSPARENT,
        "plot_bgcolor": TRANSPARENT,
        "modebar": {"orientation": "v", "bgcolor": TRANSPARENT, "color": colours.base, "activecolor": colours.tuned},
        "dragmode": "pan",
        "hovermode": "closest",
        "uirevision": "map",
        "meta": {"size": (high - low + 2 * room).astype(float).tolist()},
    }


def snapshot_slider(map_data: Map, first: str, colours: Palette, *, smooth: bool) -> dict[str, object]:
    """Build the slider over the snapshots."""
    names = list(map_data.coordinates)
    quick = {
        "mode": "immediate",
        "frame": {"duration": 350, "redraw": True},
        "transition": {"duration": 300 if smooth else 0},
    }
    return {
        "active": names.index(first),
        "currentvalue": {"prefix": "", "font": {"size": 15, "color": colours.text}},
        "bgcolor": colours.grid,
        "activebgcolor": colours.tuned,
        "bordercolor": colours.faint,
        "tickcolor": colours.faint,
        "font": {"color": colours.base},
        "pad": {"t": 12, "b": 8, "l": 8},
        "x": 0.14,
        "len": 0.84,
        "y": 0,
        "steps": [{"label": map_data.labels[name], "method": "animate", "args": [[name], quick]} for name in names],
    }


def play_buttons(names: list[str], colours: Palette, *, smooth: bool) -> dict[str, object]:
    """Build play and pause. Play restarts at the first snapshot, so that it also works at the end."""
    pace = (
        {"frame": {"duration": 1100, "redraw": False}, "transition": {"duration": 900, "easing": "cubic-in-out"}}
        if smooth
        else {"frame": {"duration": 1500, "redraw": True}, "transition": {"duration": 0}}
    )
    play = [names, {**pace, "mode": "immediate"}]
    stop = [[None], {"mode": "immediate", "frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}}]
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "bgcolor": TRANSPARENT,
        "bordercolor": colours.faint,
        "font": {"color": colours.text},
        "x": 0.0,
        "xanchor": "left",
        "y": 0,
        "yanchor": "top",
        "pad": {"t": 22, "r": 8},
        "buttons": [
            {"label": "▶ Play", "method": "animate", "args": play},
            {"label": "❚❚", "method": "animate", "args": stop},
        ],
    }
