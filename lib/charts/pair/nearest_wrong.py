"""Draw a query, its correct target and its nearest wrong target at their true distances.

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
    """Three texts and their vectors (3, d) before and after: question, right answer, wrong one."""

    texts: tuple[str, str, str]
    before: np.ndarray
    after: np.ndarray

    def distances(self, when: str) -> tuple[float, float]:
        """Compute the distances of correct and wrong target from the query (0 to 2).

        when: before or after training.
        """
        vectors = self.before if when == "before" else self.after
        right, wrong = np.linalg.norm(vectors[1:] - vectors[:1], axis=1)
        return float(right), float(wrong)

    @property
    def was_nearer(self) -> bool:
        """Whether the wrong answer was nearer than the right one with the base model."""
        right, wrong = self.distances("before")
        return wrong < right

    @property
    def is_nearer(self) -> bool:
        """Whether it is with the tuned model."""
        right, wrong = self.distances("after")
        return wrong < right


def triangle(vectors: np.ndarray) -> np.ndarray:
    """Compute a triangle (3, 2) with the true distances: query at the origin, correct target on x.

    Three points always lie in a plane, so nothing is projected: with a = right - question and b = wrong - question, the wrong answer
    stands at x = a.b / |a| and y = sqrt(|b|^2 - x^2).
    """
    right, wrong = vectors[1] - vectors[0], vectors[2] - vectors[0]
    a, b = float(np.linalg.norm(right)), float(np.linalg.norm(wrong))
    along = float(right @ wrong) / a if a > 0 else 0.0
    return np.array([[0, 0], [a, 0], [along, np.sqrt(max(0.0, b * b - along * along))]])


def nearest_wrong_figure(triple: AnswerTriple, *, dark: bool = False) -> go.Figure:
    """Draw the triangle before and after side by side, on one scale."""
    colours = palette(dark=dark)
    marks = (
        ("Question", colours.base, "circle"),
        ("Right answer", colours.better, "square"),
        ("Wrong answer", colours.worse, "x"),
    )
    data: list[go.Scatter] = []
    for number, vectors in enumerate((triple.before, triple.after)):
        place = triangle(vectors)
        axes = {"xaxis": f"x{number + 1}", "yaxis": f"y{number + 1}", "showlegend": number == 0}
        for end, colour in ((1, colours.better), (2, colours.worse)):
            data.append(triangle_side(place, end, colour, {**axes, "showlegend": False}))
        for point, (name, colour, symbol) in zip(range(3), marks, strict=True):
            data.append(
                go.Scatter(
                    x=place[point : point + 1, 0],
                    y=place[point : point + 1, 1],
                    mode="markers",
                    name=name,
                    marker={"size": 15, "color": colour, "symbol": symbol},
                    hoverinfo="text",
                    hovertext=f"{name}: {shorten(triple.texts[point])}",
                    **axes,
                )
            )
    return go.Figure(data, two_panels(np.concatenate([triangle(triple.before), triangle(triple.after)])))


def triangle_side(place: np.ndarray, end: int, colour: str, axes: dict[str, object]) -> go.Scatter:
    """Build the line from the question to an answer, with its length in the middle."""
    x, y = place[[0, end], 0], place[[0, end], 1]
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


def two_panels(places: np.ndarray) -> dict[str, object]:
    """Build the layout of two panels with one scale and equal units."""
    low, high = places.min(axis=0) - 0.15, places.max(axis=0) + 0.15
    found: dict[str, object] = {"height": 340, "margin": {"l": 0, "r": 0, "t": 28, "b": 0}, "annotations": []}
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    for number, title in enumerate(("Before", "After")):
        span = [0.53 * number, 0.47 + 0.53 * number]
        found[f"xaxis{number + 1}"] = {**hidden, "domain": span, "range": [low[0], high[0]], "anchor": f"y{number + 1}"}
        found[f"yaxis{number + 1}"] = {
            **hidden,
            "range": [low[1], high[1]],
            "anchor": f"x{number + 1}",
            "scaleanchor": f"x{number + 1}",
        }
        notes = found["annotations"]
        assert isinstance(notes, list)
        notes.append({"text": title, "x": span[0], "y": 1.08, "xref": "paper", "yref": "paper", "showarrow": False})
    return found
