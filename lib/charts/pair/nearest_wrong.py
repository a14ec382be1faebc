"""Draw a source, its correct answer and its nearest wrong answer at their true distances.

Base and tuned model side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go

from lib.charts.colours import palette
from lib.charts.map.trace import shorten


@dataclass(frozen=True)
class AnswerTriple:
    """Source, correct and wrong answer, and their vectors (3, d) by base and tuned model."""

    texts: tuple[str, str, str]
    base: np.ndarray
    tuned: np.ndarray

    @property
    def is_wrong_nearer_base(self) -> bool:
        """Whether the wrong answer is nearer than the correct one by the base model."""
        return is_wrong_nearer(self.base)

    @property
    def is_wrong_nearer_tuned(self) -> bool:
        """Whether the wrong answer is nearer than the correct one by the tuned model."""
        return is_wrong_nearer(self.tuned)


def is_wrong_nearer(vectors: np.ndarray) -> bool:
    """Compare the distances of correct and wrong answer from the source, vectors (3, d)."""
    correct, wrong = np.linalg.norm(vectors[1:] - vectors[:1], axis=1)
    return bool(wrong < correct)


def triangle(vectors: np.ndarray) -> np.ndarray:
    """Compute a triangle (3, 2) with the true distances: source at the origin, correct answer on x.

    Three points always lie in a plane, so nothing is projected: with a = correct - source and b = wrong - source, the wrong
    answer is at x = a.b / |a| and y = sqrt(|b|^2 - x^2).
    """
    correct, wrong = vectors[1] - vectors[0], vectors[2] - vectors[0]
    a, b = float(np.linalg.norm(correct)), float(np.linalg.norm(wrong))
    along = float(correct @ wrong) / a if a > 0 else 0.0
    return np.array([[0, 0], [a, 0], [along, np.sqrt(max(0.0, b * b - along * along))]])


def nearest_wrong_figure(triple: AnswerTriple, *, dark: bool = False) -> go.Figure:
    """Draw the triangles of base and tuned model side by side, on one scale."""
    colours = palette(dark=dark)
    marks = (
        ("Source", colours.base, "circle"),
        ("Correct answer", colours.better, "square"),
        ("Wrong answer", colours.worse, "x"),
    )
    data: list[go.Scatter] = []
    for number, vectors in enumerate((triple.base, triple.tuned)):
        corners = triangle(vectors)
        axes = {"xaxis": f"x{number + 1}", "yaxis": f"y{number + 1}", "showlegend": number == 0}
        for end, colour in ((1, colours.better), (2, colours.worse)):
            data.append(triangle_side(corners, end, colour, {**axes, "showlegend": False}))
        for point, (name, colour, symbol) in zip(range(3), marks, strict=True):
            data.append(
                go.Scatter(
                    x=corners[point : point + 1, 0],
                    y=corners[point : point + 1, 1],
                    mode="markers",
                    name=name,
                    marker={"size": 15, "color": colour, "symbol": symbol},
                    hoverinfo="text",
                    hovertext=f"{name}: {shorten(triple.texts[point])}",
                    **axes,
                )
            )
    return go.Figure(data, two_panels(np.concatenate([triangle(triple.base), triangle(triple.tuned)])))


def triangle_side(corners: np.ndarray, end: int, colour: str, axes: dict[str, object]) -> go.Scatter:
    """Build the line from the source to an answer, with its length in the middle."""
    x, y = corners[[0, end], 0], corners[[0, end], 1]
    length = float(np.hypot(x[1] - x[0], y[1] - y[0]))
    return go.Scatter(
        x=[x[0], x.mean(), x[1]],
        y=[y[0], y.mean(), y[1]],
        mode="lines+text",
        line={"color": colour, "width": 2},
        text=["", escape(f"{length:.2f}"), ""],
        textposition="bottom center" if end == 1 else "top left",
        hoverinfo="skip",
        **axes,
    )


def two_panels(corners: np.ndarray) -> dict[str, object]:
    """Build the layout of two panels with one scale and equal units."""
    low, high = corners.min(axis=0) - 0.15, corners.max(axis=0) + 0.15
    layout: dict[str, object] = {"height": 340, "margin": {"l": 0, "r": 0, "t": 28, "b": 0}, "annotations": []}
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    for number, title in enumerate(("Base", "Tuned")):
        span = [0.53 * number, 0.47 + 0.53 * number]
        layout[f"xaxis{number + 1}"] = {
            **hidden,
            "domain": span,
            "range": [low[0], high[0]],
            "anchor": f"y{number + 1}",
        }
        layout[f"yaxis{number + 1}"] = {
            **hidden,
            "range": [low[1], high[1]],
            "anchor": f"x{number + 1}",
            "scaleanchor": f"x{number + 1}",
        }
        notes = layout["annotations"]
        assert isinstance(notes, list)
        notes.append({"text": title, "x": span[0], "y": 1.08, "xref": "paper", "yref": "paper", "showarrow": False})
    return layout
