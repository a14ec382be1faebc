"""The SVG file holds every mark."""

from __future__ import annotations

from lib.charts.map.figure import map_figure
from lib.charts.map.svg import map_svg
from tests.hostile import CONTROLS, SURROGATES, hostile_texts
from tests.unit.charts.planted import planted_map


def test_the_svg_holds_every_mark_and_is_well_formed() -> None:
    from xml.etree import ElementTree

    map_data, lines, texts = planted_map()
    picture = map_figure(map_data, lines, texts)
    root = ElementTree.fromstring(map_svg(picture.figure, "best", title="A <map>"))
    names = [element.tag.rsplit("}")[-1] for element in root.iter()]
    assert names.count("circle") == 50 + 30
    assert names.count("rect") == 50 + 1
    assert root.get("aria-label") == "A <map>"
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"A <map>", "Moved closer", "Source, held-out"} <= set(words)


def test_the_svg_is_well_formed_whatever_the_texts_hold() -> None:
    from xml.etree import ElementTree

    map_data, lines, texts = planted_map()
    for start in range(0, len(hostile_texts()), 25):
        hostile = [*hostile_texts()[start:], *CONTROLS, *SURROGATES]
        some = [hostile[number % len(hostile)] for number in range(len(texts))]
        picture = map_figure(map_data, lines, some)
        root = ElementTree.fromstring(map_svg(picture.figure, "best", title=" ".join(hostile)).encode())
        tags = {element.tag.rsplit("}")[-1] for element in root.iter()}
        assert tags <= {"svg", "title", "rect", "path", "circle", "text"}
