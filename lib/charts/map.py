"""The map as one plotly figure: a frame for each moment, a slider and a play button, so that zoom survives and nothing asks the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.colours import palette
from lib.charts.map_choice import Choice, choose_drawn
from lib.charts.map_scene import Trace, traces
from lib.projection.store import Map
from lib.settings import MAX_DRAWN_POINTS

SMOOTH_POINTS = 4_000
"""Up to so many points are drawn as SVG, whose marks the browser itself moves smoothly; beyond, WebGL and frames between the moments."""

BETWEEN = 6
"""Frames between two moments in WebGL, as far as FRAME_BYTES allows."""

FRAME_BYTES = 12_000_000
HEIGHT = 640


@dataclass(frozen=True)
class Picture:
    """The figure, what of the run it draws, and the pairs of each trace's points, to understand a selection."""

    figure: go.Figure
    choice: Choice
    pairs: tuple[np.ndarray, ...]

    def pair_at(self, curve: int, point: int) -> int | None:
        """Return the pair of a point of a trace, None for the background."""
        known = self.pairs[curve] if 0 <= curve < len(self.pairs) else ()
        return int(known[point]) if 0 <= point < len(known) else None


def figure(
    drawn: Map,
    lines: pd.DataFrame,
    texts: list[str],
    *,
    start: str = "",
    marked: tuple[int, ...] = (),
    classes: Mapping[str, np.ndarray] | None = None,
    most: int = MAX_DRAWN_POINTS,
    height: int = HEIGHT,
    dark: bool = False,
) -> Picture:
    """Draw the lines of a map over all its texts.

    lines: pair, part, source, target (text ids), value (change of margin, or of cosine), faded, base_cosine, tuned_cosine.
    start: the moment shown first (base where it is not known). classes: texts to colour alike, by name. The same input gives the same bytes.
    """
    choice = choose_drawn(lines, len(texts), marked=marked, most=most)
    frames = list(drawn.coordinates.values())
    ends = frames[0], frames[-1]
    scene = traces(lines.iloc[choice.lines], choice.background, texts, marked, palette(dark=dark), ends, classes or {})
    smooth = choice.points <= SMOOTH_POINTS
    kind = go.Scatter if smooth else go.Scattergl
    names = list(drawn.coordinates)
    first = start if start in drawn.coordinates else names[0]
    data = [kind(**{**trace.style, **placed(trace, drawn.coordinates[first])}) for trace in scene]
    steps = moments(drawn, scene, kind, between=0 if smooth else between(choice.points, len(names)))
    found = go.Figure(data=data, frames=steps, layout=look(drawn, height))
    if len(names) > 1:
        found.update_layout(sliders=[slider(drawn, first)], updatemenus=[buttons(steps, smooth=smooth)])
    return Picture(found, choice, tuple(trace.pairs for trace in scene))


def placed(trace: Trace, frame: np.ndarray) -> dict[str, np.ndarray]:
    """Return the trace's x and y, float32: plotly sends them as bytes."""
    x, y = trace.places(frame)
    return {"x": x, "y": y}


def between(points: int, moments_drawn: int) -> int:
    """Return how many frames fit between two moments."""
    room = FRAME_BYTES // max(1, points * 32)
    return int(np.clip(room // max(1, moments_drawn - 1), 0, BETWEEN))


def moments(drawn: Map, scene: list[Trace], kind: type, *, between: int) -> list[go.Frame]:
    """Return a frame for each moment, and eased ones between them."""
    names, found = list(drawn.coordinates), []
    for number, name in enumerate(names):
        frame = drawn.coordinates[name]
        for step in range(1, between + 1) if number else ():
            share = step / (between + 1)
            eased = np.float32(share * share * (3 - 2 * share))
            mixed = drawn.coordinates[names[number - 1]] * (1 - eased) + frame * eased
            found.append(go.Frame(name=f"{name}~{step}", data=[kind(**placed(trace, mixed)) for trace in scene]))
        found.append(go.Frame(name=name, data=[kind(**placed(trace, frame)) for trace in scene]))
    return found


def look(drawn: Map, height: int) -> dict[str, object]:
    """Return the layout: no axes (their numbers mean nothing), one range for all moments, room for the slider."""
    every = np.concatenate(list(drawn.coordinates.values()))
    low, high = np.quantile(every, 0.001, axis=0), np.quantile(every, 0.999, axis=0)
    room = 0.06 * np.maximum(high - low, 1e-3)
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    return {
        "height": height,
        "margin": {"l": 0, "r": 48, "t": 8, "b": 0},
        "xaxis": {**axis, "range": [float(low[0] - room[0]), float(high[0] + room[0])]},
        "yaxis": {**axis, "range": [float(low[1] - room[1]), float(high[1] + room[1])], "scaleanchor": "x"},
        "legend": {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "itemsizing": "constant"},
        "dragmode": "pan",
        "hovermode": "closest",
        "uirevision": "map",
    }


def slider(drawn: Map, first: str) -> dict[str, object]:
    """Return the slider over the moments."""
    names = list(drawn.coordinates)
    quick = {"mode": "immediate", "frame": {"duration": 350, "redraw": True}, "transition": {"duration": 300}}
    return {
        "active": names.index(first),
        "currentvalue": {"prefix": "", "font": {"size": 15}},
        "pad": {"t": 12, "b": 8, "l": 8},
        "x": 0.14,
        "len": 0.84,
        "y": 0,
        "steps": [{"label": drawn.labels[name], "method": "animate", "args": [[name], quick]} for name in names],
    }


def buttons(frames: list[go.Frame], *, smooth: bool) -> dict[str, object]:
    """Return play and pause. Play begins anew, so that it also works at the end."""
    pace = (
        {"frame": {"duration": 1100, "redraw": False}, "transition": {"duration": 900, "easing": "cubic-in-out"}}
        if smooth
        else {"frame": {"duration": 110, "redraw": True}, "transition": {"duration": 0}}
    )
    play = [[frame.name for frame in frames], {**pace, "mode": "immediate"}]
    stop = [[None], {"mode": "immediate", "frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}}]
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
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
