"""Build the traces of a map, back to front: colours, symbols, hover texts and legend groups.

Positions are added by the frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.charts.colours import Palette, with_alpha
from lib.charts.map.groups import MarkGroups
from lib.charts.map.labels import label_traces, region_name_traces
from lib.charts.map.legend import legend_traces
from lib.charts.map.points import CROWDED_LINES, group_point_traces, highlight_mask, point_traces
from lib.charts.map.trace import (
    MAP_LABEL_CHARACTERS,
    Positions,
    Trace,
    line_positions,
    middle_positions,
    shorten,
    text_positions,
)

COLOUR_STEPS = (-0.5, -0.1, 0.1, 0.5)
"""Where the colours of lines change, in shares of the colour limit."""

LEGEND_GROUPS = ("worse", "worse", "same", "better", "better")
"""The legend entry that each of these colours belongs to."""

FEW_SELECTED = 6
"""Selected pairs up to which rings are wide."""

OPPOSED_NAME = "Cosine and rank disagree"
DOUBTFUL_NAME = "Doubtful position"

NO_ROWS = np.empty(0, np.int64)


@dataclass(frozen=True)
class TextClasses:
    """Labelled texts to show.

    members: text ids of each coloured class; rows, held_out: of every text its row of the dataset and whether it is held out;
    ordered: the classes are steps of one quantity, least first.
    """

    members: Mapping[str, np.ndarray]
    rows: np.ndarray
    held_out: np.ndarray
    ordered: bool = False

    def everyone(self) -> np.ndarray:
        """List the ids of all coloured texts."""
        return np.unique(np.concatenate([NO_ROWS, *self.members.values()])).astype(np.int64)


@dataclass(frozen=True)
class MapContent:
    """What a map shows: lines with their metrics, background texts, selection, colour measure, classes.

    measure: what value is (margin, cosine, label); classes: labelled texts, where the dataset has them; groups: what colours the
    pairs in place of the change; doubtful: by snapshot (texts,) bool, texts to mark as misplaced.
    """

    lines: pd.DataFrame
    background: np.ndarray
    texts: Sequence[str]
    marked: tuple[int, ...] = ()
    measure: str = "cosine"
    classes: TextClasses | None = None
    groups: MarkGroups | None = None
    doubtful: Mapping[str, np.ndarray] | None = None


def map_traces(subject: MapContent, colours: Palette, ends: tuple[np.ndarray, np.ndarray]) -> list[Trace]:
    """Build background, lines or classes, points, labels, selection and legend.

    ends: the first and the last frame (texts, 2).
    """
    if subject.classes is not None:
        return classes_traces(subject, subject.classes, colours)
    if subject.groups is not None:
        return grouped_traces(subject, subject.groups, colours, ends)
    lines = subject.lines
    limit = colour_limit(lines["value"])
    return [
        background_trace(subject.background, subject.texts, colours),
        *line_traces(lines, limit, colours),
        *opposed_traces(lines, colours),
        *point_traces(lines, subject.texts, limit, colours),
        *doubtful_traces(subject, colours),
        *label_traces(lines, subject.texts, colours, ends),
        *selection_traces(lines[lines["pair"].isin(subject.marked)], colours),
        *(legend_traces(colours, subject.measure, faded=bool(lines["faded"].any())) if len(lines) else []),
    ]


def grouped_traces(
    subject: MapContent, groups: MarkGroups, colours: Palette, ends: tuple[np.ndarray, np.ndarray]
) -> list[Trace]:
    """Build the map of pairs, and of the other texts, in the colours of their groups."""
    lines, number = subject.lines, groups.of_text[subject.background]
    return [
        background_trace(subject.background[number < 0], subject.texts, colours),
        *group_line_traces(lines, groups, colours),
        *(
            group_background_trace(subject.background[number == group], int(group), subject.texts, groups, colours)
            for group in np.unique(number[number >= 0])
        ),
        *group_point_traces(lines, subject.texts, groups, colours),
        *doubtful_traces(subject, colours),
        *(region_name_traces(groups.regions, colours) or label_traces(lines, subject.texts, colours, ends)),
        *selection_traces(lines[lines["pair"].isin(subject.marked)], colours),
    ]


def classes_traces(subject: MapContent, classes: TextClasses, colours: Palette) -> list[Trace]:
    """Build the other texts in grey, each class in its colour, and rings around the selected texts."""
    others = np.setdiff1d(subject.background, classes.everyone()).astype(np.int64)
    marks = np.flatnonzero(np.isin(classes.rows, subject.marked))
    return [
        background_trace(others, subject.texts, colours, rows=classes.rows[others]),
        *class_traces(classes, subject.background, subject.texts, colours),
        *doubtful_traces(subject, colours),
        *([selection_ring(text_positions(marks), classes.rows[marks], colours, mode="markers")] if len(marks) else []),
    ]


def colour_limit(value: pd.Series) -> float:
    """Compute the change with the full colour: the 95th percentile.

    So an outlier does not grey the rest.
    """
    changes = np.abs(value.dropna().to_numpy(np.float64))
    return float(max(np.quantile(changes, 0.95), 1e-6)) if len(changes) else 1.0


def background_trace(
    background: np.ndarray, texts: Sequence[str], colours: Palette, *, rows: np.ndarray = NO_ROWS
) -> Trace:
    """Build the other texts, in grey. rows: what a click on each selects, where it selects anything."""
    style = {
        "mode": "markers",
        "name": "Other texts",
        "marker": {"size": 4, "color": with_alpha(colours.same, 0.4)},
        "hoverinfo": "text",
        "hovertext": [shorten(texts[row]) for row in background],
    }
    return Trace(style, text_positions(background), rows, background)


def class_traces(classes: TextClasses, background: np.ndarray, texts: Sequence[str], colours: Palette) -> list[Trace]:
    """Build the drawn texts of each class in a colour of its own: trained hollow, held-out full."""
    traces = []
    for number, (name, members) in enumerate(classes.members.items()):
        points, title = np.intersect1d(members, background), shorten(name, MAP_LABEL_CHARACTERS)
        halves = [some for some in (points[classes.held_out[points]], points[~classes.held_out[points]]) if len(some)]
        for half, some in enumerate(halves):
            style = {
                "mode": "markers",
                "name": title,
                "legendgroup": f"class-{number}",
                "showlegend": half == 0,
                "marker": {
                    "size": 7,
                    "color": colours.steps(len(classes.members))[number] if classes.ordered else colours.series(number),
                    "opacity": 0.85,
                    "symbol": "circle" if classes.held_out[some[0]] else "circle-open",
                },
                "hoverinfo": "text",
                "hovertext": [f"{shorten(texts[one])}<br>{title}" for one in some],
            }
            traces.append(Trace(style, text_positions(some), classes.rows[some], some))
    return traces


def line_traces(lines: pd.DataFrame, limit: float, colours: Palette) -> list[Trace]:
    """Build the lines of each colour, the strongest last; a drawn change below the layout noise is faded."""
    step = np.digitize(lines["value"].fillna(0).to_numpy() / limit, COLOUR_STEPS)
    faded = lines["faded"].to_numpy(bool)
    strong = highlight_mask(lines)
    weak = with_alpha(colours.worse, 0.55), colours.same, with_alpha(colours.better, 0.55)
    looks = {True: (0.65, 1.4), False: (0.14, 0.8)}
    traces = []
    for front in (False, True):
        for number, colour in enumerate((colours.worse, *weak, colours.better)):
            for dim in (True, False):
                rows = (step == number) & (faded == dim) & (strong == front)
                if not rows.any():
                    continue
                opacity, width = looks[front]
                style = {
                    "mode": "lines",
                    "line": {"color": colour, "width": width},
                    "opacity": min(0.18, opacity / 2) if dim else opacity,
                    "hoverinfo": "skip",
                    "legendgroup": "noise" if dim else LEGEND_GROUPS[number],
                    "showlegend": False,
                }
                traces.append(Trace(style, line_positions(lines[rows]), NO_ROWS))
    return traces


def group_line_traces(lines: pd.DataFrame, groups: MarkGroups, colours: Palette) -> list[Trace]:
    """Build the lines in the colour of their pair's group, or in grey where its texts have different ones."""
    number, traces = groups.of_line(lines), []
    for group in np.unique(number):
        style = {
            "mode": "lines",
            "line": {"color": groups.colour(int(group), colours), "width": 1.0},
            "opacity": 0.45 if len(lines) <= CROWDED_LINES else 0.2,
            "hoverinfo": "skip",
            **groups.legend(int(group), show=False),
        }
        traces.append(Trace(style, line_positions(lines[number == group]), NO_ROWS))
    return traces


def group_background_trace(
    some: np.ndarray, group: int, texts: Sequence[str], groups: MarkGroups, colours: Palette
) -> Trace:
    """Build the other texts of one group: small, in its colour."""
    marker = {"size": 4, "color": with_alpha(groups.colour(group, colours), 0.5)}
    style = {"mode": "markers", "marker": marker, **groups.legend(group, show=False), "hoverinfo": "text"}
    return Trace({**style, "hovertext": [shorten(texts[row]) for row in some]}, text_positions(some), NO_ROWS, some)


def doubtful_traces(subject: MapContent, colours: Palette) -> list[Trace]:
    """Ring the drawn texts whose marks are mostly no neighbours of theirs, in each snapshot others."""
    if subject.doubtful is None:
        return []
    drawn = (
        subject.background
        if subject.classes is None
        else np.intersect1d(subject.background, subject.classes.everyone())
    )
    some = np.unique(np.concatenate([drawn, *(subject.lines[end].to_numpy(np.int64) for end in ("source", "target"))]))
    some = some[np.any([mask[some] for mask in subject.doubtful.values()], axis=0)] if len(some) else some
    if not len(some):
        return []
    style = {
        "mode": "markers",
        "name": DOUBTFUL_NAME,
        "ids": [str(text) for text in some],
        "legendrank": 2_000,
        "marker": {"size": 11, "symbol": "circle-open", "color": colours.text, "line": {"width": 1}},
        "opacity": 0.5,
        "hoverinfo": "skip",
    }
    shown = {name: mask[some] for name, mask in subject.doubtful.items()}
    return [Trace(style, text_positions(some), NO_ROWS, vector=True, shown=shown)]


def opposed_traces(lines: pd.DataFrame, colours: Palette) -> list[Trace]:
    """Mark the middle of each line whose cosine and rank moved in opposite directions.

    Maps of earlier versions do not know.
    """
    if "opposed" not in lines or not lines["opposed"].any():
        return []
    some = lines[lines["opposed"].astype(bool)]
    style = {
        "mode": "markers",
        "name": OPPOSED_NAME,
        "marker": {"size": 6, "symbol": "x-thin-open", "color": colours.text, "line": {"width": 1}},
        "opacity": 0.6,
        "hoverinfo": "text",
        "hovertext": "Cosine and rank moved in opposite directions; the line follows the rank",
    }
    return [Trace(style, middle_positions(some), some["pair"].to_numpy(), vector=True)]


def selection_traces(lines: pd.DataFrame, colours: Palette) -> list[Trace]:
    """Ring the pairs that were selected elsewhere: in the table, by a search, in a link."""
    if lines.empty:
        return []
    return [
        selection_ring(line_positions(lines), np.repeat(lines["pair"].to_numpy(), 3), colours, mode="lines+markers")
    ]


def selection_ring(positions: Positions, pairs: np.ndarray, colours: Palette, *, mode: str) -> Trace:
    """Build rings around what is selected, finer ones around many, so that they don't hide each other."""
    wide = len(pairs) <= 3 * FEW_SELECTED
    style = {
        "mode": mode,
        "name": "Selected",
        "line": {"color": colours.tuned, "width": 3 if wide else 1.5},
        "marker": {
            "size": 16 if wide else 11,
            "symbol": "circle-open",
            "color": colours.tuned,
            "line": {"width": 3 if wide else 1.5},
        },
        "hoverinfo": "skip",
    }
    return Trace(style, positions, pairs, vector=True)
