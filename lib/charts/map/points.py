"""Build the marks of a map's pairs: source round, target square, coloured by change or by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.charts.colours import Palette
from lib.charts.map.groups import MarkGroups
from lib.charts.map.trace import Trace, shorten, text_positions

CROWDED_LINES = 400
"""Lines above which the strongest changes stand out and the rest is drawn small and thin behind them."""

NUM_HIGHLIGHTED = 200
"""Strongest changes that stand out of a crowded map."""

SMALL_MARK = 4.0
"""Size of the marks behind those that stand out."""

GROUP_MARK, CROWDED_GROUP_MARK = 7.0, 5.0
"""Size of marks that are coloured by group, on a map of few and of many lines."""

BOTH_ENDS_BELOW = 2_500
"""Lines up to which each point's hover text has both texts of its pair."""

PART_MARKS = {"train": ("trained", "-open"), "validation": ("validation", "-open-dot"), "held_out": ("held-out", "")}
"""Part -> its name in the legend, and the suffix of its plotly symbols."""


def highlight_mask(lines: pd.DataFrame) -> np.ndarray:
    """Mark the lines (n,) drawn in full strength: all of a few, the strongest changes of many."""
    if len(lines) <= CROWDED_LINES:
        return np.ones(len(lines), bool)
    change = lines["value"].abs().fillna(0).to_numpy()
    return change >= max(np.partition(change, -NUM_HIGHLIGHTED)[-NUM_HIGHLIGHTED], 1e-9)


def point_traces(lines: pd.DataFrame, texts: Sequence[str], limit: float, colours: Palette) -> list[Trace]:
    """Build the points: source round, target square.

    Train is hollow, validation hollow with a dot, held-out full.
    """
    traces = []
    lines = lines.assign(strong=highlight_mask(lines)).sort_values("strong", kind="stable")  # the strong ones on top
    for part, (words, kind) in PART_MARKS.items():
        some = lines[lines["part"] == part]
        for end, shape in (("source", "circle"), ("target", "square")):
            if some.empty:
                continue
            full = 8 if end == "source" else 7
            front = some["strong"].to_numpy()
            marker = {
                "size": full if front.all() else np.where(front, full, SMALL_MARK).astype(np.float32),
                "opacity": 1.0 if front.all() else np.where(front, 1.0, 0.6).astype(np.float32),
                "symbol": f"{shape}{kind}",
                "line": {"width": 1 if "open" in kind else 0},  # plotly rims marks of different sizes in white
                "color": some["value"].fillna(0).to_numpy(np.float32),
                "colorscale": colours.scale(),
                "cmin": -limit,
                "cmax": limit,
            }
            style = {
                "mode": "markers",
                "name": f"{end.capitalize()}, {words}",
                "marker": marker,
                "hoverinfo": "text",
                "hovertext": hover_texts(some, texts, end, both=len(lines) <= BOTH_ENDS_BELOW),
            }
            ids = some[end].to_numpy()
            traces.append(Trace(style, text_positions(ids), some["pair"].to_numpy(), ids))
    return traces


def hover_texts(lines: pd.DataFrame, texts: Sequence[str], end: str, *, both: bool) -> list[str]:
    """Write the hover text of each point, escaped: its text, its partner's, its cosine base and tuned."""
    other = "target" if end == "source" else "source"
    hover = []
    for row in lines.itertuples():
        words = f"{end.capitalize()}: {shorten(texts[getattr(row, end)])}"
        if both:
            words += f"<br>{other.capitalize()}: {shorten(texts[getattr(row, other)])}"
        hover.append(f"{words}<br>cosine {row.base_cosine:.3f} → {row.tuned_cosine:.3f}")
    return hover


def group_point_traces(lines: pd.DataFrame, texts: Sequence[str], groups: MarkGroups, colours: Palette) -> list[Trace]:
    """Build the points in the colour of their group, in the symbols of `point_traces`.

    A group is one entry of the legend.
    """
    traces, both = [], len(lines) <= BOTH_ENDS_BELOW
    listed: set[int] = set()
    for part, (_, kind) in PART_MARKS.items():
        some = lines[lines["part"] == part]
        for end, shape in (("source", "circle"), ("target", "square")):
            number = groups.of_end(some, end)
            for group in np.unique(number):
                rows = some[number == group]
                style = {
                    "mode": "markers",
                    **groups.legend(int(group), show=group not in listed),
                    "marker": {
                        "size": GROUP_MARK if len(lines) <= CROWDED_LINES else CROWDED_GROUP_MARK,
                        "symbol": f"{shape}{kind}",
                        "color": groups.colour(int(group), colours),
                        "opacity": 0.85,
                    },
                    "hoverinfo": "text",
                    "hovertext": hover_texts(rows, texts, end, both=both),
                }
                listed.add(group)
                ids = rows[end].to_numpy()
                traces.append(Trace(style, text_positions(ids), rows["pair"].to_numpy(), ids))
    return traces
