"""The names on a map: the pairs that changed most, where they stand on no other name and on few marks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.charts.colours import Palette
from lib.charts.map_trace import LABEL_CHARACTERS, Trace, at, short

LABELLED = 3
"""Pairs named on the picture at either end of the change."""

LABEL_ROOM = np.array([0.2, 0.035])
"""The share of the picture's width and height that a name covers: one that would stand on another is left out."""

LABEL_CANDIDATES = 60

SIDES = {
    "top center": (0.0, 0.75),
    "bottom center": (0.0, -0.75),
    "middle right": (0.56, 0.0),
    "middle left": (-0.56, 0.0),
}
"""Where a name may stand beside its mark, and the middle of its room from there, in shares of that room."""

DARKER = 0.35
"""How much of the text's colour is mixed into a name's, so that small letters can be read (contrast at least 4.5)."""


def label_traces(
    lines: pd.DataFrame, texts: list[str], colours: Palette, ends: tuple[np.ndarray, np.ndarray]
) -> list[Trace]:
    """Name the pairs that changed most, either way. ends: the first and the last frame (texts, 2)."""
    value = lines["value"].dropna().sort_values()
    change = lines["change"].reindex(value.index)
    worst = value[(value < 0) & (change == "worse")].index[:LABEL_CANDIDATES]
    best = value[(value > 0) & (change == "better")].index[::-1][:LABEL_CANDIDATES]
    places = np.concatenate(ends, axis=1)
    room = np.tile(LABEL_ROOM, 2) * np.maximum(np.ptp(places, axis=0), 1e-6)
    marks = places[np.union1d(lines["source"].to_numpy(np.int64), lines["target"].to_numpy(np.int64))]
    sources = [lines.loc[rows, "source"].to_numpy(np.int64) for rows in (worst, best)]
    found = []
    for some, colour in zip(apart(sources, places, room), (colours.worse, colours.better), strict=True):
        if some:
            style = {
                "mode": "text",
                "text": [short(texts[place], LABEL_CHARACTERS) for place in some],
                "textposition": [emptiest(places[place], marks, room) for place in some],
                "textfont": {"color": readable(colour, colours), "size": 12},
                "hoverinfo": "skip",
                "showlegend": False,
            }
            found.append(Trace(style, at(np.array(some)), np.empty(0, np.int64), vector=True))
    return found


def apart(ends: list[np.ndarray], places: np.ndarray, room: np.ndarray) -> list[list[int]]:
    """Return for each end the first texts whose names are free at the first and the last moment; the ends choose in turns."""
    named: list[np.ndarray] = []
    chosen: list[list[int]] = [[] for _ in ends]
    waiting = [iter(wanted.tolist()) for wanted in ends]
    for _ in range(LABELLED):
        for mine, wanted in zip(chosen, waiting, strict=True):
            text = next((text for text in wanted if is_free(places[text], named, room)), None)
            if text is not None:
                mine.append(text)
                named.append(places[text])
    return chosen


def is_free(place: np.ndarray, named: list[np.ndarray], room: np.ndarray) -> bool:
    """Say whether no other name is near at the first and at the last moment."""
    away = [np.abs(place - other) < room for other in named]
    return not any((near[0] and near[1]) or (near[2] and near[3]) for near in away)


def emptiest(place: np.ndarray, marks: np.ndarray, room: np.ndarray) -> str:
    """Return the side of a mark (4,) where a name covers the fewest other marks (m, 4), over the first and the last moment."""

    def covered(side: str) -> int:
        inside = np.abs(marks - place - np.tile(SIDES[side], 2) * room) < room / 2
        return int((inside[:, 0] & inside[:, 1]).sum() + (inside[:, 2] & inside[:, 3]).sum())

    return min(SIDES, key=covered)


def readable(colour: str, colours: Palette) -> str:
    """Return a colour nearer to the text's, for words."""
    mixed = (
        round(int(colour[at : at + 2], 16) * (1 - DARKER) + int(colours.text[at : at + 2], 16) * DARKER)
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in mixed)
