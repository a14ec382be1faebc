"""Groups colour marks and lines: by text or by pair, each group one entry of the legend."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.charts.colours import LIGHT
from lib.charts.map.figure import map_figure
from lib.charts.map.groups import MarkGroups, RegionNames
from lib.charts.map.scene import DOUBTFUL_NAME
from lib.charts.map.side_by_side import side_by_side_figure
from lib.charts.map.svg import map_svg
from tests.unit.charts.planted import planted_map


def colours_of(figure: object, mode: str) -> dict[str, set[str]]:
    """Collect the colours of the marks or lines of each legend entry."""
    found: dict[str, set[str]] = {}
    for trace in figure.data:
        if trace.mode == mode and str(trace.legendgroup).startswith("group-"):
            style = trace.line if mode == "lines" else trace.marker
            found.setdefault(trace.name, set()).add(style.color)
    return found


def test_texts_have_the_colour_of_their_group_and_lines_that_of_both_ends() -> None:
    map_data, lines, texts = planted_map()
    of_text = np.zeros(len(texts), np.int64)
    of_text[lines["target"].to_numpy()[:5]] = 1
    of_text[lines["source"].to_numpy()[5]] = -1
    figure = map_figure(map_data, lines, texts, groups=MarkGroups(("few <b>", "many"), of_text, ordered=True)).figure
    assert colours_of(figure, "markers") == {
        "few &lt;b&gt;": {
            LIGHT.same,
            *[one for one in colours_of(figure, "markers")["few &lt;b&gt;"] if "rgba" in one],
        },
        "many": {LIGHT.more[3]},
        "Other": {LIGHT.same},
    }
    assert set(colours_of(figure, "lines")) <= {"few &lt;b&gt;", "Other"}
    listed = [trace.name for trace in figure.data if trace.showlegend and trace.legendgroup]
    assert sorted(listed) == ["Other", "few &lt;b&gt;", "many"]


def test_pairs_have_groups_where_a_column_of_the_data_says_so() -> None:
    map_data, lines, texts = planted_map()
    pairs = lines["pair"].tolist()
    groups = MarkGroups(("de", "fr"), np.full(len(texts), -1), of_pair={pairs[0]: 0, pairs[1]: 1}, other="Without")
    figure = map_figure(map_data, lines, texts, groups=groups).figure
    assert colours_of(figure, "lines") == {"de": {LIGHT.tuned}, "fr": {LIGHT.more[0]}, "Without": {LIGHT.same}}
    assert set(colours_of(figure, "markers")) == {"de", "fr", "Without"}


def test_doubtful_texts_are_ringed_in_their_snapshot() -> None:
    map_data, lines, texts = planted_map()
    names = list(map_data.coordinates)
    masks = {name: np.zeros(len(texts), bool) for name in names}
    masks[names[0]][[0, 1]] = True
    masks[names[-1]][[1]] = True
    figure = map_figure(map_data, lines, texts, doubtful=masks).figure
    at = [trace.name for trace in figure.data].index(DOUBTFUL_NAME)
    rings = {frame.name: int(np.isfinite(np.asarray(frame.data[at].x, float)).sum()) for frame in figure.frames}
    assert (rings[names[0]], rings[names[-1]]) == (2, 1)
    both = side_by_side_figure(map_data, lines, texts, doubtful=masks).figure
    found = [int(np.isfinite(np.asarray(t.x, float)).sum()) for t in both.data if t.name == DOUBTFUL_NAME]
    assert found == [2, 1]
    none = {name: np.zeros(len(texts), bool) for name in names}
    assert DOUBTFUL_NAME not in [t.name for t in map_figure(map_data, lines, texts, doubtful=none).figure.data]


def test_groups_survive_a_filter_that_lets_no_line_through() -> None:
    map_data, lines, texts = planted_map()
    groups = MarkGroups(("a",), np.zeros(len(texts), np.int64))
    figure = map_figure(map_data, lines.head(0), texts, groups=groups).figure
    assert [trace.legendgroup for trace in figure.data if len(pd.Series(trace.x).dropna())] == ["group-0"]


def test_regions_are_named_in_the_middle_of_their_texts_in_every_snapshot() -> None:
    map_data, lines, texts = planted_map()
    of_text = np.arange(len(texts)) % 2
    regions = (
        RegionNames(of_text, ("<i>even", "odd")),
        RegionNames(of_text[::-1].copy(), ("one", "two"), is_near=True),
    )
    picture = map_figure(map_data, lines, texts, groups=MarkGroups(("even", "odd"), of_text, regions=regions))
    wide, near = (trace for trace in picture.figure.data if str(trace.meta).endswith("regions"))
    assert (wide.text[0], wide.opacity, near.opacity) == ("&lt;i&gt;even", 1, 0)
    at = list(picture.figure.data).index(wide)
    for name, frame in map_data.coordinates.items():
        placed = next(one for one in picture.figure.frames if one.name == name).data[at]
        assert np.allclose(np.stack([placed.x, placed.y], 1)[1], np.median(frame[1::2], axis=0))
    svg = map_svg(picture.figure, {"base": "Base"}, title="A map")
    assert "odd" in svg
    assert ">two<" not in svg
