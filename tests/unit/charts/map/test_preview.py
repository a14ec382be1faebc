"""The picture that stands for the map while plotly is loaded: every mark and line, in few elements."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from lib.charts.colours import palette
from lib.charts.map.figure import map_figure
from tests.hostile import hostile_texts
from tests.unit.charts.planted import planted_map


@pytest.mark.parametrize("dark", [False, True])
def test_the_picture_holds_every_mark_and_line_where_the_figure_has_it(dark: bool) -> None:
    map_data, lines, texts = planted_map()
    picture = map_figure(map_data, lines, texts, start="best", dark=dark)
    paths = list(ElementTree.fromstring(picture.preview))
    dots = [place for path in paths for place in re.findall(r"M(\d+) (\d+)h0", path.get("d", ""))]
    assert len(dots) == picture.choice.points
    drawn = [path for path in paths if "L" in path.get("d", "")]
    assert sum(path.get("d", "").count("L") for path in drawn) == len(lines)
    colours = palette(dark=dark)
    assert {colours.better, colours.worse} <= {path.get("stroke") for path in paths}
    (left, _), (low, high) = picture.figure.layout.xaxis.range, picture.figure.layout.yaxis.range
    source = next(trace for trace in picture.figure.data if trace.name == "Source, held-out")
    scale = 600 / (high - low)
    places = np.stack([scale * (np.asarray(source.x) - left), scale * (high - np.asarray(source.y))], axis=1)
    assert {(str(round(x)), str(round(y))) for x, y in places.astype(float)} <= set(dots)


def test_the_picture_holds_no_word_of_the_texts() -> None:
    map_data, lines, texts = planted_map()
    hostile = hostile_texts()
    some = [hostile[number % len(hostile)] for number in range(len(texts))]
    root = ElementTree.fromstring(map_figure(map_data, lines, some).preview)
    assert {element.tag.rsplit("}")[-1] for element in root.iter()} == {"svg", "path"}
