"""Colour every text of a large map by a number of a palette.

One byte for each, as the browser's graphics card reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.charts.colours import Palette, mix_colours
from lib.charts.map.groups import NO_GROUP, MarkGroups
from lib.charts.map.legend import LEGEND_NAMES
from lib.charts.map.scene import TextClasses, colour_limit

CHANGE_STEPS = 21
"""Colours from the greatest drop to the greatest rise; the middle one is that of no change."""

OTHER_TEXTS = "Other texts"


@dataclass(frozen=True)
class TextMarks:
    """The marks of all texts of a map.

    number: (texts,) uint8, of each text's colour; 0 for a text that nothing colours. colours: hex, by number. legend: name -> colour.
    """

    number: np.ndarray
    colours: tuple[str, ...]
    legend: dict[str, str]


def text_marks(
    texts: int,
    lines: pd.DataFrame,
    colours: Palette,
    *,
    measure: str,
    groups: MarkGroups | None = None,
    classes: TextClasses | None = None,
) -> TextMarks:
    """Colour the texts of a map as `map_traces` does: by class, by group, or by change.

    lines: source, target (text ids), value. Of several lines at one text the strongest change counts.
    """
    if classes is not None:
        return class_marks(texts, classes.members, colours, is_ordered=classes.ordered)
    return (
        change_marks(texts, lines, colours, measure) if groups is None else group_marks(texts, lines, groups, colours)
    )


def class_marks(texts: int, members: Mapping[str, np.ndarray], colours: Palette, *, is_ordered: bool) -> TextMarks:
    """Colour the texts of each class."""
    steps = colours.steps(len(members)) if is_ordered else [colours.series(number) for number in range(len(members))]
    number = np.zeros(texts, np.uint8)
    for at, some in enumerate(members.values()):
        number[some] = at + 1
    return TextMarks(number, (colours.same, *steps), dict(zip(members, steps, strict=True)))


def group_marks(texts: int, lines: pd.DataFrame, groups: MarkGroups, colours: Palette) -> TextMarks:
    """Colour the texts by their groups, or by those of the pairs that they are in."""
    of_text = np.full(texts, NO_GROUP)
    if groups.of_pair is None:
        of_text = groups.of_text
    else:
        for end in ("source", "target"):
            of_text[lines[end].to_numpy(np.int64)] = groups.of_end(lines, end)
    steps = [groups.colour(number, colours) for number in range(len(groups.names))]
    legend = dict(zip(groups.names, steps, strict=True)) | {groups.other: colours.same}
    return TextMarks((of_text + 1).astype(np.uint8), (colours.same, *steps), legend)


def change_marks(texts: int, lines: pd.DataFrame, colours: Palette, measure: str) -> TextMarks:
    """Colour the texts by the strongest change of their lines, from worse over same to better."""
    change = lines["value"].fillna(0).to_numpy(np.float64)
    limit = colour_limit(lines["value"])
    order = np.argsort(np.abs(change), kind="stable")  # of several at one text the last one, the strongest, stays
    step = 1 + np.rint((np.clip(change / limit, -1, 1) + 1) / 2 * (CHANGE_STEPS - 1)).astype(np.uint8)
    number = np.zeros(texts, np.uint8)
    for end in ("source", "target"):
        weaker = number[lines[end].to_numpy(np.int64)[order]]
        stronger = np.abs(weaker.astype(int) - 1 - CHANGE_STEPS // 2) <= np.abs(
            step[order].astype(int) - 1 - CHANGE_STEPS // 2
        )
        rows = order[(weaker == 0) | stronger]
        number[lines[end].to_numpy(np.int64)[rows]] = step[rows]
    better, same, worse = LEGEND_NAMES[measure]
    legend = {better: colours.better, same: colours.same, worse: colours.worse}
    return TextMarks(number, (colours.faint, *change_colours(colours)), legend | {OTHER_TEXTS: colours.faint})


def change_colours(colours: Palette) -> list[str]:
    """List the colours from worse over same to better."""
    half = CHANGE_STEPS // 2
    worse = [mix_colours(colours.worse, colours.same, step / half) for step in range(half)]
    return [
        *worse,
        colours.same,
        *(mix_colours(colours.same, colours.better, step / half) for step in range(1, half + 1)),
    ]
