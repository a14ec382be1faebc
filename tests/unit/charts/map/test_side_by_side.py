"""Base and best in two panels: the same marks in both, one range, one legend, and the pair of every point."""

from __future__ import annotations

import numpy as np

from lib.charts.map.figure import map_figure
from lib.charts.map.side_by_side import side_by_side_figure
from tests.unit.charts.planted import planted_map


def test_both_panels_hold_the_marks_of_their_snapshot() -> None:
    map_data, lines, texts = planted_map()
    found, animated = side_by_side_figure(map_data, lines, texts), map_figure(map_data, lines, texts)
    half = len(found.figure.data) // 2
    assert half == len(animated.figure.data)
    for panel, frame, (x, y) in zip(
        (found.figure.data[:half], found.figure.data[half:]),
        animated.figure.frames,
        (("x", "y"), ("x2", "y2")),
        strict=True,
    ):
        for trace, placed in zip(panel, frame.data, strict=True):
            assert (trace.xaxis, trace.yaxis) == (x, y)
            assert np.array_equal(trace.x, placed.x, equal_nan=True)


def test_the_panels_share_range_and_legend() -> None:
    figure = side_by_side_figure(*planted_map()).figure
    layout, half = figure.layout, len(figure.data) // 2
    assert (layout.xaxis2.matches, layout.yaxis2.matches, layout.yaxis.scaleanchor) == ("x", "y", "x")
    assert layout.xaxis.range == layout.xaxis2.range
    assert layout.xaxis.domain[1] < layout.xaxis2.domain[0]
    assert all(trace.showlegend is False for trace in figure.data[half:])
    named = [trace for trace in figure.data if trace.name]
    assert all(trace.legendgroup for trace in named)
    assert [note.text for note in layout.annotations] == ["<b>Base</b>", "<b>Best (epoch 1)</b>"]
    assert not figure.frames
    assert not layout.sliders


def test_a_point_of_either_panel_selects_its_pair() -> None:
    map_data, lines, texts = planted_map()
    found = side_by_side_figure(map_data, lines, texts)
    half = len(found.figure.data) // 2
    for curve in range(half):
        for point in range(len(found.pairs[curve])):
            assert found.pair_at(curve, point) == found.pair_at(curve + half, point)
            assert found.text_at(curve, point) == found.text_at(curve + half, point)
    assert sum(len(pairs) for pairs in found.pairs) > 0


def test_both_panels_together_stay_below_the_limit() -> None:
    map_data, lines, texts = planted_map()
    assert 2 * side_by_side_figure(map_data, lines, texts, most=40).choice.points <= 40
