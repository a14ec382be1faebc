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
    root = ElementTree.fromstring(map_svg(picture.figure, {"best": "Best"}, title="A <map>"))
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
        root = ElementTree.fromstring(map_svg(picture.figure, {"best": "Best"}, title=" ".join(hostile)).encode())
        tags = {element.tag.rsplit("}")[-1] for element in root.iter()}
        assert tags <= {"svg", "title", "rect", "path", "circle", "text"}


def test_base_and_best_stand_side_by_side() -> None:
    from xml.etree import ElementTree

    map_data, lines, texts = planted_map()
    picture = map_figure(map_data, lines, texts)
    root = ElementTree.fromstring(map_svg(picture.figure, {"base": "Base <0>", "best": "Best"}, title="A map"))
    panels = [element for element in root if element.tag.endswith("svg")]
    assert [panel.get("x") for panel in panels] == ["0", "1200"]
    assert [[one.text for one in panel][-1] for panel in panels] == ["Base <0>", "Best"]
    marks = [[one.attrib for one in panel if one.tag.endswith("circle")] for panel in panels]
    assert len(marks[0]) == len(marks[1]) == 80
    assert marks[0] != marks[1]
