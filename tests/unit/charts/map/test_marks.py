"""The colours of all texts: by the strongest change of their pairs, by group, by class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.charts.colours import LIGHT
from lib.charts.map.groups import MarkGroups
from lib.charts.map.marks import CHANGE_STEPS, text_marks
from lib.charts.map.scene import TextClasses

LINES = pd.DataFrame(
    {"pair": [7, 8, 9], "source": [0, 0, 4], "target": [1, 2, 3], "value": [0.9, -0.2, 0.0], "part": "held_out"}
)


def colours_of(marks: object) -> list[str]:
    return [marks.colours[number] for number in marks.number]


def test_a_text_has_the_colour_of_its_strongest_change() -> None:
    marks = text_marks(6, LINES, LIGHT, measure="margin")
    found = colours_of(marks)
    assert found[0] == found[1] == LIGHT.better
    assert found[3] == found[4] == LIGHT.same
    assert found[5] == LIGHT.faint
    assert marks.number[2] < 1 + CHANGE_STEPS // 2, "what dropped is on the side of worse"
    assert len(marks.colours) == 1 + CHANGE_STEPS <= 64, "the shader's palette"
    assert marks.legend["Margin rose"] == LIGHT.better


def test_the_order_of_the_lines_does_not_decide() -> None:
    turned = text_marks(6, LINES[::-1], LIGHT, measure="margin")
    assert np.array_equal(turned.number, text_marks(6, LINES, LIGHT, measure="margin").number)


def test_a_line_without_a_value_did_not_change() -> None:
    lines = LINES.assign(value=[np.nan, np.nan, np.nan])
    assert set(colours_of(text_marks(5, lines, LIGHT, measure="cosine"))) == {LIGHT.same}


def test_groups_colour_texts_or_the_ends_of_pairs() -> None:
    of_text = MarkGroups(("a", "b"), np.array([0, 1, -1, -1, 0, 1]))
    assert text_marks(6, LINES, LIGHT, measure="margin", groups=of_text).number.tolist() == [1, 2, 0, 0, 1, 2]
    of_pair = MarkGroups(("a", "b"), np.full(6, -1), of_pair={7: 0, 9: 1})
    assert text_marks(6, LINES.iloc[[0, 2]], LIGHT, measure="margin", groups=of_pair).number.tolist() == [
        1,
        1,
        0,
        2,
        2,
        0,
    ]


def test_classes_colour_their_texts() -> None:
    classes = TextClasses({"x": np.array([1, 2]), "y": np.array([5])}, np.arange(6), np.zeros(6, bool))
    marks = text_marks(6, LINES.head(0), LIGHT, measure="cosine", classes=classes)
    assert marks.number.tolist() == [0, 1, 1, 0, 0, 2]
    assert list(marks.legend) == ["x", "y"]
