"""Figures of an evaluation: cosine distributions, metrics by epoch, interpolation, decomposition."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lib.charts.colours import Palette, with_alpha
from lib.evaluation.explanation import TokenParts, WordDrops
from lib.evaluation.result import Similarity
from lib.evaluation.side_effects.result import SnapshotMetrics
from lib.experiments.result import InterpolationPoint
from lib.format import Change, format_cosine, format_step, metric_title, plotly_format

FIGURE_HEIGHT = 320


def plain_layout(figure: go.Figure, colours: Palette, *, height: int = FIGURE_HEIGHT) -> go.Figure:
    """Apply the common layout of all evaluation figures, in place."""
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.text},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        uirevision="stay",
    )
    figure.update_xaxes(gridcolor=colours.grid, zeroline=False)
    figure.update_yaxes(gridcolor=colours.grid, zeroline=False)
    return figure


def cosine_histograms(similarity: Similarity, colours: Palette) -> go.Figure:
    """Draw histograms of the cosines of pairs (filled) and random pairs (outlined), base and tuned.

    The dashed lines are the thresholds that separate the two best.
    """
    edges = np.asarray(similarity.bins)
    middles = (edges[:-1] + edges[1:]) / 2
    figure = go.Figure()
    for name, colour in (("base", colours.base), ("tuned", colours.tuned)):
        cosines = similarity.by_model[name]
        for counts, title, filled in ((cosines.others, similarity.against, False), (cosines.pairs, "pairs", True)):
            figure.add_trace(_spread(middles, counts, f"{name}: {title}", colour, filled=filled))
    add_thresholds(figure, similarity, colours)
    figure.update_xaxes(title_text="cosine", range=[lowest_cosine(similarity) - 0.05, float(edges[-1])])
    figure.update_yaxes(title_text="share", tickformat=".0%", rangemode="tozero")
    return plain_layout(figure, colours)


def lowest_cosine(similarity: Similarity) -> float:
    """Find the lowest cosine that occurs: some models keep all texts within the upper tenth."""
    counts = np.sum([kind for model in similarity.by_model.values() for kind in (model.others, model.pairs)], axis=0)
    there = np.flatnonzero(counts)
    return float(similarity.bins[there[0] if len(there) else 0])


def add_thresholds(figure: go.Figure, similarity: Similarity, colours: Palette) -> None:
    """Draw the thresholds, the lower one's label to its left and the higher one's to its right.

    So the two labels never overlap.
    """
    cosines = [(model.threshold.cosine, name) for name, model in similarity.by_model.items() if model.threshold]
    ordered = sorted(cosines, key=lambda one: one[0])
    for number, (cosine, name) in enumerate(ordered):
        colour = colours.base if name == "base" else colours.tuned
        figure.add_vline(
            x=cosine,
            line={"color": colour, "dash": "dash", "width": 1.5},
            annotation={"text": f"{name} {format_cosine(cosine)}", "font": {"color": colour, "size": 12}},
            annotation_position="top left" if number == 0 else "top right",
        )


def _spread(x: np.ndarray, counts: Sequence[int], name: str, colour: str, *, filled: bool) -> go.Scatter:
    values = np.asarray(counts, dtype=np.float64)
    return go.Scatter(
        x=x,
        y=values / max(1.0, values.sum()),
        name=name,
        mode="lines",
        line={"color": colour, "width": 2, "dash": "solid" if filled else "dot", "shape": "hvh"},
        fill="tozeroy" if filled else None,
        fillcolor=with_alpha(colour, 0.18),
        hovertemplate=f"{escape(name)}<br>cosine %{{x:.2f}}: %{{y:.1%}}<extra></extra>",
    )


def epoch_figure(snapshots: Sequence[SnapshotMetrics], colours: Palette, *, metric: str) -> go.Figure:
    """Draw the metric on training and on validation pairs epoch by epoch, the best epoch marked."""
    measured = [one for one in snapshots if one.name != "best" and one.validation_rows]
    best = next((one for one in snapshots if one.name == "best" and one.validation_rows), None)
    figure = go.Figure()
    for part, colour, dash in (("train", colours.base, "dot"), ("validation", colours.tuned, "solid")):
        inside = [one for one in measured if part == "validation" or one.train_rows]
        figure.add_trace(
            go.Scatter(
                x=[one.epoch for one in inside],
                y=[getattr(one, part) for one in inside],
                name="training pairs" if part == "train" else "validation pairs",
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2},
                hovertemplate=f"{part}, epoch %{{x:g}}: %{{y:{plotly_format(metric)}}}<extra></extra>",
            )
        )
    if best is not None:
        figure.add_trace(
            go.Scatter(
                x=[best.epoch],
                y=[best.validation],
                name="best epoch, kept",
                mode="markers",
                marker={
                    "size": 15,
                    "color": with_alpha(colours.better, 0.3),
                    "line": {"color": colours.better, "width": 2},
                },
                hovertemplate=f"best epoch %{{x:g}}: %{{y:{plotly_format(metric)}}}<extra></extra>",
            )
        )
    last = max((one.epoch for one in snapshots), default=1)
    figure.update_xaxes(title_text="epoch", dtick=max(1, round(last / 10)))  # epochs are whole
    figure.update_yaxes(title_text=escape(metric_title(metric)))
    return plain_layout(figure, colours)


def differences_figure(
    x: Sequence[float], changes: Sequence[Change], colours: Palette, *, metric: str, x_title: str
) -> go.Figure:
    """Draw differences to the base over x, each with its 95% interval."""
    values = np.array([change.difference for change in changes], dtype=float)
    low = np.array([change.low if isfinite(change.low) else change.difference for change in changes], dtype=float)
    high = np.array([change.high if isfinite(change.high) else change.difference for change in changes], dtype=float)
    figure = go.Figure(
        go.Scatter(
            x=list(x),
            y=values,
            mode="lines+markers",
            line={"color": colours.tuned, "width": 2},
            error_y={"type": "data", "array": high - values, "arrayminus": values - low, "color": colours.tuned},
            text=[format_step(metric, change) for change in changes],
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )
    figure.add_hline(y=0, line={"color": colours.base, "dash": "dot"})
    figure.update_xaxes(title_text=escape(x_title))
    figure.update_yaxes(title_text=escape(f"{metric_title(metric)}, difference to base"))
    return plain_layout(figure, colours, height=280)


def interpolation_figure(points: Sequence[InterpolationPoint], colours: Palette, *, metric: str) -> go.Figure:
    """Draw target and general quality along the way from base (0%) to tuned (100%) weights.

    Bars: the 95% interval of the difference to the base, where it was measured.
    """
    x = [100 * point.share for point in points]
    figure = go.Figure()
    for name, key, title, colour in (
        ("target", metric, f"this data: {metric_title(metric)}", colours.tuned),
        ("general", "spearman", "general probe: Spearman", colours.base),
    ):
        figure.add_trace(
            go.Scatter(
                x=x,
                y=[getattr(point, name) for point in points],
                error_y=_to_base(points, name, colour),
                name=escape(title),
                mode="lines+markers",
                line={"color": colour, "width": 2},
                hovertemplate=f"%{{x:.0f}}% tuned: %{{y:{plotly_format(key)}}}<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="weight of the tuned model, %")
    return plain_layout(figure, colours, height=300)


def _to_base(points: Sequence[InterpolationPoint], name: str, colour: str) -> dict[str, Any]:
    """Build the error bars of a difference's interval, around the value itself.

    There are none where there is no interval.
    """
    up, down = [], []
    for point in points:
        change = point.target_change if name == "target" else point.general_change
        if point.share > 0 and change is not None and change.has_interval:
            up.append(change.high - change.difference)
            down.append(change.difference - change.low)
        else:
            up.append(0.0)
            down.append(0.0)
    return {"type": "data", "array": up, "arrayminus": down, "color": with_alpha(colour, 0.5), "visible": any(up)}


def token_heat(base: TokenParts, tuned: TokenParts, colours: Palette) -> go.Figure:
    """Draw the token pairs' parts of the cosine: base, tuned, difference; each sums to its cosine."""
    before, after = base.matrix, tuned.matrix
    same = (base.first, base.second) == (tuned.first, tuned.second)
    panels = [("Base", base, before), ("Tuned", tuned, after)]
    if same:
        panels.append(("Difference", tuned, after - before))
    titles = [f"{title} {values.sum():+.3f}" for title, _, values in panels]
    figure = make_subplots(rows=1, cols=len(panels), subplot_titles=titles, shared_yaxes=same, horizontal_spacing=0.04)
    limit = max(1e-9, *(float(np.abs(values).max()) for _, _, values in panels))
    for column, (title, tokens, values) in enumerate(panels, start=1):
        figure.add_trace(_heat(title, tokens, values, limit, colours, scale=column == len(panels)), row=1, col=column)
        _label_axes(figure, tokens, column)
    figure.update_yaxes(autorange="reversed")
    height = min(900, 150 + 22 * len(base.first))
    return plain_layout(figure, colours, height=max(300, height))


def _heat(
    title: str, tokens: TokenParts, values: np.ndarray, limit: float, colours: Palette, *, scale: bool
) -> go.Heatmap:
    hover = [
        [f"{escape(a)} · {escape(b)}: {value:+.4f}" for b, value in zip(tokens.second, row, strict=True)]
        for a, row in zip(tokens.first, values, strict=True)
    ]
    return go.Heatmap(
        z=values,
        zmin=-limit,
        zmax=limit,
        colorscale=[[0.0, colours.worse], [0.5, colours.paper], [1.0, colours.better]],
        text=hover,
        hovertemplate=f"{title}<br>%{{text}}<extra></extra>",
        showscale=scale,
    )


def _label_axes(figure: go.Figure, tokens: TokenParts, column: int) -> None:
    """Name rows and columns by their tokens; equal tokens keep places of their own."""
    first, second = ([escape(token) for token in side] for side in (tokens.first, tokens.second))
    figure.update_yaxes(tickvals=list(range(len(first))), ticktext=first, row=1, col=column)
    figure.update_xaxes(tickvals=list(range(len(second))), ticktext=second, tickangle=60, row=1, col=column)


def word_bars(base: WordDrops, tuned: WordDrops, colours: Palette) -> go.Figure:
    """Draw by word of each side how much the cosine falls when it is left out, base and tuned."""
    figure = make_subplots(rows=1, cols=2, subplot_titles=("First text", "Second text"), horizontal_spacing=0.15)
    sides = (
        (base.first, base.first_drops, tuned.first_drops),
        (base.second, base.second_drops, tuned.second_drops),
    )
    for column, (labels, *drops) in enumerate(sides, start=1):
        words = [escape(word) for word in labels]
        for name, values, colour in zip(("base", "tuned"), drops, (colours.base, colours.tuned), strict=True):
            figure.add_trace(
                go.Bar(
                    x=values,
                    y=list(range(len(words))),
                    orientation="h",
                    name=name,
                    legendgroup=name,
                    showlegend=column == 1,
                    marker={"color": colour},
                    text=words,
                    hovertemplate="%{text}: %{x:+.3f}<extra></extra>",
                ),
                row=1,
                col=column,
            )
        figure.update_yaxes(tickvals=list(range(len(words))), ticktext=words, autorange="reversed", row=1, col=column)
    rows = max(len(base.first), len(base.second))
    return plain_layout(figure, colours, height=min(900, max(280, 120 + 26 * rows)))
