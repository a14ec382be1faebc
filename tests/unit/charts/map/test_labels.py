"""Labels can be read, and never cover each other."""

from __future__ import annotations

import numpy as np

from lib.charts.colours import DARK, LIGHT
from lib.charts.map.figure import map_figure
from lib.charts.map.labels import covered_marks, readable_colour
from tests.unit.charts.planted import planted_map


def test_labels_can_be_read_and_stand_aside_from_marks() -> None:
    def contrast(one: str, other: str) -> float:
        def light(colour: str) -> float:
            parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
            red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue

        low, high = sorted((light(one), light(other)))
        return (high + 0.05) / (low + 0.05)

    for colours in (LIGHT, DARK):
        for colour in (colours.better, colours.worse):
            assert contrast(readable_colour(colour, colours), colours.paper) >= 4.5
    position, room, wide = np.zeros(4), np.array([1.0, 0.2, 1.0, 0.2]), np.full((2, 4), 5.0) * [[-1], [1]]
    above = np.tile([0.1, 0.15], 2)[None]
    sides = {"top center": 2, "bottom center": 0, "middle right": 0, "middle left": 0}
    assert covered_marks(position, above, room, wide) == sides
    wide[0, 2] = -1.0  # at the last snapshot there is no room at the left
    assert covered_marks(position, above, room, wide).keys() == sides.keys() - {"middle left"}


def test_labels_never_stand_on_each_other() -> None:
    map_data, lines, texts = planted_map()
    for frame in map_data.coordinates.values():
        frame[:20] = frame[0]  # the twenty worst sources at one place
    found = map_figure(map_data, lines, texts).figure
    worst, best = [trace for trace in found.data if trace.mode == "text"]
    assert worst.text[0] == "&lt;i&gt;text&lt;/i&gt; 0"
    assert set(worst.text[1:]) <= {f"&lt;i&gt;text&lt;/i&gt; {i}" for i in range(20, 25)}
    assert 1 <= len(best.text) <= 3
