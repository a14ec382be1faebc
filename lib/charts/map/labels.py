"""Place the labels of a map: the pairs that changed most, where they cover few marks and no label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from lib.charts.colours import Palette, mix_colours
from lib.charts.map.groups import RegionNames
from lib.charts.map.trace import MAP_LABEL_CHARACTERS, Positions, Trace, shorten, text_positions

LABELS_PER_END = 3
"""Pairs labelled at either end of the change."""

LABEL_SIZE = np.array([0.34, 0.035])
"""Share of the map's width and height that a label covers; one that would cover another is left out."""

LABEL_CANDIDATES = 60

FEW_COVERED = 2
"""Marks that a label may cover, base and best together.

Where no candidate has such a side, the emptiest is taken.
"""

LABEL_OVERHANG = 0.2
"""How far a label may reach beyond the marks to the left and right, as a share of the map's width."""

LABEL_SIDES = {
    "top center": (0.0, 0.75),
    "bottom center": (0.0, -0.75),
    "middle right": (0.56, 0.0),
    "middle left": (-0.56, 0.0),
}
"""plotly textposition -> offset of the label's centre from its mark, in label sizes."""

TEXT_SHARE = 0.35
"""Share of the text colour that is mixed into a label's colour.

Enough that small letters can be read (contrast at least 4.5).
"""


def label_traces(
    lines: pd.DataFrame, texts: Sequence[str], colours: Palette, ends: tuple[np.ndarray, np.ndarray]
) -> list[Trace]:
    """Label the pairs that changed most, either way. ends: the first and the last frame (texts, 2)."""
    value = lines["value"].dropna().sort_values()
    change = lines["change"].reindex(value.index)
    worst = value[(value < 0) & (change == "worse")].index[:LABEL_CANDIDATES]
    best = value[(value > 0) & (change == "better")].index[::-1][:LABEL_CANDIDATES]
    positions = np.concatenate(ends, axis=1)
    wide = np.maximum(np.ptp(positions, axis=0), 1e-6)
    room = np.tile(LABEL_SIZE, 2) * wide
    marks = positions[np.union1d(lines["source"].to_numpy(np.int64), lines["target"].to_numpy(np.int64))]
    bounds = np.stack([positions.min(axis=0), positions.max(axis=0)]) + np.outer(
        [-1, 1], np.tile([LABEL_OVERHANG, 0.03], 2) * wide
    )
    sources = [lines.loc[rows, "source"].to_numpy(np.int64) for rows in (worst, best)]
    traces = []
    for some, colour in zip(
        arrange_labels(sources, positions, marks, room, bounds), (colours.worse, colours.better), strict=True
    ):
        if some:
            style = {
                "mode": "text",
                "text": [shorten(texts[row], MAP_LABEL_CHARACTERS) for row, _ in some],
                "textposition": [side for _, side in some],
                "textfont": {"color": readable_colour(colour, colours), "size": 12},
                "hoverinfo": "skip",
                "showlegend": False,
            }
            traces.append(
                Trace(style, text_positions(np.array([row for row, _ in some])), np.empty(0, np.int64), vector=True)
            )
    return traces


def region_name_traces(regions: tuple[RegionNames, ...], colours: Palette) -> list[Trace]:
    """Write the name of each region at the median of its texts, in each snapshot.

    Near ones are transparent: the page's script shows them, by their meta, in place of the wide ones to who zooms in.
    """
    return [
        Trace(
            {
                "mode": "text",
                "meta": "near-regions" if some.is_near else "wide-regions",
                "opacity": 0 if some.is_near else 1,
                "text": [shorten(name, MAP_LABEL_CHARACTERS) for name in some.names],
                "textposition": ["middle center"] * len(some.names),
                "textfont": {"color": colours.text, "size": 11 if some.is_near else 13},
                "hoverinfo": "skip",
                "showlegend": False,
            },
            _middles(some),
            np.empty(0, np.int64),
            vector=True,
        )
        for some in regions
        if some.names
    ]


def _middles(regions: RegionNames) -> Positions:
    members = [np.flatnonzero(regions.of_text == number) for number in range(len(regions.names))]

    def positions(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        middle = np.array([np.median(frame[rows], axis=0) for rows in members], np.float32)
        return middle[:, 0], middle[:, 1]

    return positions


@dataclass(frozen=True)
class LabelCandidates:
    """Texts (m,) that could be labelled, the strongest first.

    positions: of each in the first and the last snapshot (m, 1, 4); middles: centre of its label on each side (m, sides, 4);
    covers: how many marks that label covers (m, sides).
    """

    texts: np.ndarray
    positions: np.ndarray
    middles: np.ndarray
    covers: np.ndarray

    @classmethod
    def of(
        cls, texts: np.ndarray, positions: np.ndarray, marks: np.ndarray, room: np.ndarray, bounds: np.ndarray
    ) -> LabelCandidates:
        """Measure each side of these texts.

        A label that is not wholly on the map covers infinitely many marks.
        """
        middles = np.array(
            [[label_centre(position, side, room) for side in LABEL_SIDES] for position in positions[texts]], np.float64
        )
        counts = [covered_marks(position, marks, room, bounds) for position in positions[texts]]
        covers = np.array([[sides.get(side, np.inf) for side in LABEL_SIDES] for sides in counts], np.float64)
        shape = (len(texts), len(LABEL_SIDES))
        return cls(texts, positions[texts][:, None], middles.reshape(*shape, 4), covers.reshape(shape))

    def free(self, position: np.ndarray, middle: np.ndarray, room: np.ndarray) -> LabelCandidates:
        """Rule out the sides that are taken by another text's label, whose centre is given."""
        overlap = overlaps(self.positions, position, room) | overlaps(self.middles, middle, room)
        return replace(self, covers=np.where(overlap, np.inf, self.covers))

    def first(self, most: float) -> tuple[int, int] | None:
        """Find the first label with a side that covers at most so many marks: (row, side).

        Where there is none, the one that covers fewest.
        """
        fewest = self.covers.min(axis=1)
        if not np.isfinite(fewest).any():
            return None
        few = np.flatnonzero(np.isfinite(fewest) & (fewest <= most))
        row = int(few[0]) if len(few) else int(fewest.argmin())
        return row, int(self.covers[row].argmin())


def arrange_labels(
    ends: list[np.ndarray], positions: np.ndarray, marks: np.ndarray, room: np.ndarray, bounds: np.ndarray
) -> list[list[tuple[int, str]]]:
    """Choose for each end the texts to label and the side of each label; the ends choose in turns.

    positions, marks: base and best position of every text and of every mark (n, 4); bounds: lowest and highest reach of a label (2, 4).
    The strongest text of an end is labelled first, then the strongest of those with a side that is nearly empty.
    """
    waiting = [LabelCandidates.of(texts, positions, marks, room, bounds) for texts in ends]
    labels: list[list[tuple[int, str]]] = [[] for _ in ends]
    for turn in range(LABELS_PER_END):
        for number, mine in enumerate(labels):
            best = waiting[number].first(FEW_COVERED if turn else np.inf)
            if best is None:
                continue
            row, side = best
            candidates = waiting[number]
            mine.append((int(candidates.texts[row]), list(LABEL_SIDES)[side]))
            waiting = [some.free(candidates.positions[row, 0], candidates.middles[row, side], room) for some in waiting]
    return labels


def label_centre(position: np.ndarray, side: str, room: np.ndarray) -> np.ndarray:
    """Compute the centre of a label on that side of its mark, base and best (4,)."""
    return position + np.tile(LABEL_SIDES[side], 2) * room


def overlaps(positions: np.ndarray, other: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Test which positions (..., 4) overlap another (4,) in the first or in the last snapshot."""
    inside = np.abs(positions - other) < room
    return (inside[..., 0] & inside[..., 1]) | (inside[..., 2] & inside[..., 3])


def covered_marks(position: np.ndarray, marks: np.ndarray, room: np.ndarray, bounds: np.ndarray) -> dict[str, int]:
    """Count the marks (m, 4) that a label covers on each side, base and best together.

    Only sides where the label stays on the map count.
    """
    counts = {}
    for side in LABEL_SIDES:
        middle = label_centre(position, side, room)
        if (middle - room / 2 < bounds[0]).any() or (middle + room / 2 > bounds[1]).any():
            continue
        inside = np.abs(marks - middle) < room / 2
        counts[side] = int((inside[:, 0] & inside[:, 1]).sum() + (inside[:, 2] & inside[:, 3]).sum())
    return counts


def readable_colour(colour: str, colours: Palette) -> str:
    """Mix a colour with the text colour, for labels."""
    return mix_colours(colour, colours.text, TEXT_SHARE)
