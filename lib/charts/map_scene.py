"""The marks of a map, apart from where they stand: their colours, words and groups, and their places at any moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from lib.charts.colours import Palette, with_alpha

STEPS = (-0.5, -0.1, 0.1, 0.5)
"""Where the colours of lines change, in shares of the largest usual change."""

LABELLED = 3
"""Pairs named on the picture at either end of the change."""

LABEL_ROOM = np.array([0.18, 0.035])
"""The share of the picture's width and height that a name covers: one that would stand on another is left out."""

LABEL_CANDIDATES = 60

HOVER_CHARACTERS = 110
LABEL_CHARACTERS = 36
CROWDED = 400
"""Lines above which marks are drawn smaller."""

BOTH_ENDS_BELOW = 2_500
"""Lines up to which each point's words tell both ends of its pair."""

Places = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From a frame (texts, 2) to the x and y of one trace."""


@dataclass(frozen=True)
class Trace:
    """One group of marks: how plotly draws it, where it stands in a frame, and the pairs of its points (empty: none to choose)."""

    style: Mapping[str, object]
    places: Places
    pairs: np.ndarray


def traces(
    lines: pd.DataFrame,
    background: np.ndarray,
    texts: list[str],
    marked: tuple[int, ...],
    colours: Palette,
    ends: tuple[np.ndarray, np.ndarray],
    classes: Mapping[str, np.ndarray],
) -> list[Trace]:
    """Return background, classes, lines, points, labels and marked pairs, back to front.

    ends: the first and the last frame (texts, 2). classes: texts to colour alike, by name.
    """
    limit = usual(lines["value"])
    return [
        behind(np.setdiff1d(background, np.concatenate([[], *classes.values()])).astype(np.int64), texts, colours),
        *class_traces(classes, background, texts, colours),
        *line_traces(lines, limit, colours),
        *end_traces(lines, texts, limit, colours),
        *label_traces(lines, texts, colours, np.concatenate(ends, axis=1)),
        *marked_trace(lines[lines["pair"].isin(marked)], colours),
    ]


def usual(value: pd.Series) -> float:
    """Return the change that takes the full colour: the 95th percentile, so that one outlier does not grey the rest."""
    found = np.abs(value.dropna().to_numpy(np.float64))
    return float(max(np.quantile(found, 0.95), 1e-6)) if len(found) else 1.0


def behind(background: np.ndarray, texts: list[str], colours: Palette) -> Trace:
    """Return the other texts, in grey."""
    style = {
        "mode": "markers",
        "name": "Other texts",
        "marker": {"size": 4, "color": with_alpha(colours.same, 0.4)},
        "hoverinfo": "text",
        "hovertext": [short(texts[place]) for place in background],
    }
    return Trace(style, at(background), np.empty(0, np.int64))


def class_traces(
    classes: Mapping[str, np.ndarray], background: np.ndarray, texts: list[str], colours: Palette
) -> list[Trace]:
    """Return the drawn texts of each class in a colour of its own."""
    found = []
    for number, (name, members) in enumerate(classes.items()):
        some = np.intersect1d(members, background)
        style = {
            "mode": "markers",
            "name": short(name, LABEL_CHARACTERS),
            "marker": {"size": 7, "color": colours.series(number), "opacity": 0.85},
            "hoverinfo": "text",
            "hovertext": [f"{short(texts[place])}<br>{short(name, LABEL_CHARACTERS)}" for place in some],
        }
        found.append(Trace(style, at(some), np.empty(0, np.int64)))
    return found


def line_traces(lines: pd.DataFrame, limit: float, colours: Palette) -> list[Trace]:
    """Return the lines of each colour; those whose drawn change is below the layout's noise are faded."""
    step = np.digitize(lines["value"].fillna(0).to_numpy() / limit, STEPS)
    faded = lines["faded"].to_numpy(bool)
    weak = with_alpha(colours.worse, 0.55), colours.same, with_alpha(colours.better, 0.55)
    found = []
    for number, colour in enumerate((colours.worse, *weak, colours.better)):
        for dim in (True, False):
            rows = (step == number) & (faded == dim)
            if rows.any():
                style = {
                    "mode": "lines",
                    "line": {"color": colour, "width": 1.3},
                    "opacity": 0.18 if dim else 0.65,
                    "hoverinfo": "skip",
                    "showlegend": False,
                }
                found.append(Trace(style, along(lines[rows]), np.empty(0, np.int64)))
    return found


def end_traces(lines: pd.DataFrame, texts: list[str], limit: float, colours: Palette) -> list[Trace]:
    """Return the points: source round, target square; trained hollow, held-out full."""
    found = []
    held = (lines["part"] != "train").to_numpy()
    for full, part in ((False, "trained"), (True, "held-out")):
        some = lines[held == full]
        for end, shape in (("source", "circle"), ("target", "square")):
            if some.empty:
                continue
            marker = {
                "size": (8 if end == "source" else 7) - (2 if len(lines) > CROWDED else 0),
                "symbol": shape if full else f"{shape}-open",
                "color": some["value"].fillna(0).to_numpy(np.float32),
                "colorscale": colours.scale(),
                "cmin": -limit,
                "cmax": limit,
            }
            style = {
                "mode": "markers",
                "name": f"{end.capitalize()}, {part}",
                "marker": marker,
                "hoverinfo": "text",
                "hovertext": hover(some, texts, end, both=len(lines) <= BOTH_ENDS_BELOW),
            }
            found.append(Trace(style, at(some[end].to_numpy()), some["pair"].to_numpy()))
    return found


def hover(lines: pd.DataFrame, texts: list[str], end: str, *, both: bool) -> list[str]:
    """Return what each point says, escaped: its text (and its partner's), its cosine before and after."""
    other = "target" if end == "source" else "source"
    told = []
    for row in lines.itertuples():
        words = f"{end.capitalize()}: {short(texts[getattr(row, end)])}"
        if both:
            words += f"<br>{other.capitalize()}: {short(texts[getattr(row, other)])}"
        told.append(f"{words}<br>cosine {row.base_cosine:.3f} → {row.tuned_cosine:.3f}")
    return told


def label_traces(lines: pd.DataFrame, texts: list[str], colours: Palette, places: np.ndarray) -> list[Trace]:
    """Name the pairs that changed most, either way, where the names don't stand on each other. places: (texts, 4), first and last x, y."""
    value = lines["value"].dropna().sort_values()
    change = lines["change"].reindex(value.index)
    worst = value[(value < 0) & (change == "worse")].index[:LABEL_CANDIDATES]
    best = value[(value > 0) & (change == "better")].index[::-1][:LABEL_CANDIDATES]
    room = np.tile(LABEL_ROOM, 2) * np.maximum(np.ptp(places, axis=0), 1e-6)
    named: list[np.ndarray] = []
    found = []
    for rows, colour in ((worst, colours.worse), (best, colours.better)):
        some = apart(lines.loc[rows, "source"].to_numpy(np.int64), places, room, named)
        if some:
            style = {
                "mode": "text",
                "text": [short(texts[place], LABEL_CHARACTERS) for place in some],
                "textposition": "top center",
                "textfont": {"color": colour, "size": 12},
                "hoverinfo": "skip",
                "showlegend": False,
            }
            found.append(Trace(style, at(np.array(some)), np.empty(0, np.int64)))
    return found


def apart(wanted: np.ndarray, places: np.ndarray, room: np.ndarray, named: list[np.ndarray]) -> list[int]:
    """Return the first texts whose names are free at the first and the last moment, and add their places to the named ones."""
    chosen: list[int] = []
    for text in wanted.tolist():
        away = [np.abs(places[text] - other) < room for other in named]
        if any((near[0] and near[1]) or (near[2] and near[3]) for near in away):
            continue
        chosen.append(text)
        named.append(places[text])
        if len(chosen) == LABELLED:
            break
    return chosen


def marked_trace(lines: pd.DataFrame, colours: Palette) -> list[Trace]:
    """Ring the pairs that were chosen elsewhere: in the table, by a search, in a link."""
    if lines.empty:
        return []
    style = {
        "mode": "lines+markers",
        "name": "Chosen",
        "line": {"color": colours.tuned, "width": 3},
        "marker": {"size": 16, "symbol": "circle-open", "color": colours.tuned, "line": {"width": 3}},
        "hoverinfo": "skip",
    }
    return [Trace(style, along(lines), np.repeat(lines["pair"].to_numpy(), 3))]


def at(places: np.ndarray) -> Places:
    """Return where these texts stand, float32."""
    chosen = np.asarray(places, dtype=np.int64)
    return lambda frame: (frame[chosen, 0], frame[chosen, 1])


def along(lines: pd.DataFrame) -> Places:
    """Return the lines from source to target, with a gap after each."""
    ends = lines[["source", "target"]].to_numpy(np.int64)

    def places(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        spread = np.full((len(ends), 3, 2), np.nan, np.float32)
        spread[:, :2] = frame[ends]
        return spread[:, :, 0].ravel(), spread[:, :, 1].ravel()

    return places


def short(text: str, most: int = HOVER_CHARACTERS) -> str:
    """Return the text on one line, cut and escaped: plotly reads tags."""
    flat = " ".join(text.split())
    return escape(flat if len(flat) <= most else flat[: most - 1] + "…")
