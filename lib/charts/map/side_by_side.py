"""The map of base and best in two panels beside each other: what paper can show of an animation.

Both panels have one range, and plotly zooms them together; linked.js marks in one what is pointed at or selected in the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.colours import Palette, palette
from lib.charts.map.choice import sample_map
from lib.charts.map.figure import MAP_HEIGHT, MAX_SVG_POINTS, MapFigure, base_layout, plotly_traces
from lib.charts.map.groups import MarkGroups
from lib.charts.map.scene import MapContent, TextClasses, map_traces
from lib.charts.map.trace import Trace
from lib.projection.store import Map
from lib.settings import MAX_DRAWN_POINTS

PANEL_DOMAINS = ((0.0, 0.495), (0.505, 1.0))
"""Share of the figure's width that each panel takes."""


def side_by_side_figure(
    map_data: Map,
    lines: pd.DataFrame,
    texts: Sequence[str],
    *,
    marked: tuple[int, ...] = (),
    measure: str = "cosine",
    classes: TextClasses | None = None,
    groups: MarkGroups | None = None,
    doubtful: Mapping[str, np.ndarray] | None = None,
    most: int = MAX_DRAWN_POINTS,
    height: int = MAP_HEIGHT,
    dark: bool = False,
) -> MapFigure:
    """Draw the first and the last snapshot of a map in two linked panels, with the marks of `map_figure`.

    most: marks of both panels together. Trace k of the first panel is trace k + n / 2 of the second, point by point.
    """
    choice = sample_map(lines, len(texts), marked=marked, most=most // 2)
    colours = palette(dark=dark)
    ends = tuple(map_data.coordinates.items())
    (first, left), (last, right) = ends[0], ends[-1]
    subject = MapContent(lines.iloc[choice.lines], choice.background, texts, marked, measure, classes, groups, doubtful)
    scene = map_traces(subject, colours, (left, right))
    smooth = 2 * choice.points <= MAX_SVG_POINTS
    panels = (
        (panel_traces(scene, has_legend=True), first, {"xaxis": "x", "yaxis": "y"}),
        (panel_traces(scene, has_legend=False), last, {"xaxis": "x2", "yaxis": "y2"}),
    )
    data = [
        trace.update(axes)
        for traces, name, axes in panels
        for trace in plotly_traces(traces, map_data, name, smooth=smooth, with_style=True)
    ]
    figure = go.Figure(data=data, layout=base_layout(map_data, height, colours))
    titles = (map_data.labels[first], map_data.labels[last])
    figure.update_layout(panel_layout(figure, titles, colours))
    pairs, text_ids = tuple(trace.pairs for trace in scene), tuple(trace.texts for trace in scene)
    return MapFigure(figure, choice, pairs + pairs, text_ids + text_ids, colours)


def panel_traces(scene: list[Trace], *, has_legend: bool) -> list[Trace]:
    """Style one panel's traces.

    Both panels share each entry of the legend, which only the first one lists.
    """
    traces = []
    for trace in scene:
        group = trace.style.get("legendgroup", trace.style.get("name"))
        style = {**trace.style, **({"legendgroup": group} if group else {})}
        traces.append(replace(trace, style=style if has_legend else {**style, "showlegend": False}))
    return traces


def panel_layout(figure: go.Figure, titles: tuple[str, str], colours: Palette) -> dict[str, object]:
    """Place two panels with one range, and name each.

    The page's script reads from meta that they are linked.
    """
    layout, (left, right) = figure.layout, PANEL_DOMAINS
    axis = {"visible": False, "showgrid": False, "zeroline": False}
    return {
        "meta": {**layout.meta, "panels": 2},
        "xaxis": {"domain": left},
        "xaxis2": {**axis, "domain": right, "anchor": "y2", "matches": "x", "range": layout.xaxis.range},
        "yaxis2": {**axis, "anchor": "x2", "matches": "y", "range": layout.yaxis.range},
        "margin": {"t": 32},
        "annotations": [
            {
                "text": f"<b>{title}</b>",
                "x": domain[0],
                "y": 1,
                "xref": "paper",
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "showarrow": False,
                "font": {"size": 15, "color": colours.text},
            }
            for title, domain in zip(titles, PANEL_DOMAINS, strict=True)
        ],
        "shapes": [
            {
                "type": "line",
                "x0": (left[1] + right[0]) / 2,
                "x1": (left[1] + right[0]) / 2,
                "y0": 0,
                "y1": 1,
                "xref": "paper",
                "yref": "paper",
                "line": {"color": colours.grid, "width": 1},
            }
        ],
    }
