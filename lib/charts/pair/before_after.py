"""Draw each pair as one point, base against tuned: the metric itself, without any projection."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from lib.charts.colours import palette
from lib.charts.map.points import hover_texts
from lib.charts.map.scene import colour_limit

MEASURE_TITLES = {"cosine": "Cosine of the pair", "rank": "Rank of the correct answer"}


def before_after(
    lines: pd.DataFrame,
    texts: Sequence[str],
    *,
    measure: str = "cosine",
    marked: tuple[int, ...] = (),
    dark: bool = False,
) -> go.Figure:
    """Draw base_<measure> against tuned_<measure> with the diagonal.

    Above the diagonal (for ranks: below it) training helped.
    """
    colours = palette(dark=dark)
    limit = colour_limit(lines["value"])
    x, y = (lines[f"{model}_{measure}"].to_numpy(np.float32) for model in ("base", "tuned"))
    ring = lines["pair"].isin(marked).to_numpy()
    marker = {
        "size": np.where(ring, 14, 7).astype(np.int16),
        "color": lines["value"].fillna(0).to_numpy(np.float32),
        "colorscale": colours.scale(),
        "cmin": -limit,
        "cmax": limit,
        "opacity": 0.8,
        "line": {"width": np.where(ring, 3, 0).astype(np.int16), "color": colours.tuned},
    }
    dots = go.Scattergl if len(lines) > 2_000 else go.Scatter
    hover = hover_texts(lines, texts, "source", both=True)
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    title = MEASURE_TITLES[measure]
    axis = {"type": "log" if measure == "rank" else "linear"}
    return go.Figure(
        [
            dots(x=x, y=y, mode="markers", marker=marker, hoverinfo="text", hovertext=hover, showlegend=False),
            go.Scatter(
                x=[low, high],
                y=[low, high],
                mode="lines",
                line={"color": colours.same, "dash": "dot"},
                hoverinfo="skip",
                showlegend=False,
            ),
        ],
        {
            "height": 460,
            "margin": {"l": 0, "r": 0, "t": 8, "b": 0},
            "xaxis": {**axis, "title": {"text": f"{title}, base"}},
            "yaxis": {**axis, "title": {"text": f"{title}, tuned"}},
            "uirevision": "dots",
        },
    )
