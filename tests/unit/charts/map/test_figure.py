"""The map's figure: frames, marks and colours, and that no text can smuggle tags in."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest

from lib.charts.map import figure as map_chart
from lib.charts.map.figure import map_figure
from lib.charts.map.points import NUM_HIGHLIGHTED
from lib.charts.map.scene import OPPOSED_NAME, TextClasses
from lib.charts.map.svg import map_svg
from tests.unit.charts.planted import planted_map


def decode(spec: dict) -> np.ndarray:
    """Decode the numbers of a typed array as plotly sends them."""
    return np.frombuffer(base64.b64decode(spec["bdata"]), dtype=spec["dtype"])


def test_frames_hold_every_trace_at_every_snapshot_as_float32_bytes() -> None:
    map_data, lines, texts = planted_map()
    sent = json.loads(map_figure(map_data, lines, texts).figure.to_json())
    assert [frame["name"] for frame in sent["frames"]] == ["base", "best"]
    for frame in sent["frames"]:
        assert len(frame["data"]) == len(sent["data"])
        assert all(trace["x"]["dtype"] == "f4" for trace in frame["data"])
    last = sent["frames"][1]["data"][0]
    assert np.array_equal(decode(last["x"]), map_data.coordinates["best"][100:, 0])


def test_slider_and_play_name_the_frames() -> None:
    map_data, lines, texts = planted_map()
    found = map_figure(map_data, lines, texts, start="best").figure
    slider = found.layout.sliders[0]
    assert [step.label for step in slider.steps] == ["Base", "Best (epoch 1)"]
    assert slider.active == 1
    assert list(found.layout.updatemenus[0].buttons[0].args[0]) == ["base", "best"]
    assert np.array_equal(found.data[0].x, map_data.coordinates["best"][100:, 0])


def test_the_same_input_gives_the_same_bytes() -> None:
    map_data, lines, texts = planted_map()
    assert map_figure(map_data, lines, texts).figure.to_json() == map_figure(map_data, lines, texts).figure.to_json()


def test_marks_tell_ends_and_parts_apart() -> None:
    map_data, lines, texts = planted_map()
    symbols = {
        trace.name: trace.marker.symbol for trace in map_figure(map_data, lines, texts).figure.data if trace.name
    }
    assert symbols["Source, held-out"] == "circle"
    assert symbols["Target, held-out"] == "square"
    assert symbols["Source, trained"] == "circle-open"
    assert symbols["Target, trained"] == "square-open"


def test_texts_are_escaped_and_the_extremes_named() -> None:
    map_data, lines, texts = planted_map()
    found = map_figure(map_data, lines, texts).figure
    assert "<i>" not in found.to_json()
    named = [word for trace in found.data if trace.mode == "text" for word in trace.text]
    assert "&lt;i&gt;text&lt;/i&gt; 0" in named
    assert "&lt;i&gt;text&lt;/i&gt; 49" in named


def test_lines_below_the_noise_are_faded() -> None:
    map_data, lines, texts = planted_map()
    found = [trace for trace in map_figure(map_data, lines, texts).figure.data if trace.mode == "lines"]
    assert len({trace.opacity for trace in found if trace.showlegend is False}) == 2
    dim = [trace for trace in found if trace.legendgroup == "noise" and trace.showlegend is False]
    assert sum(np.isfinite(trace.x).sum() for trace in dim) == 2 * 3


def test_lines_whose_cosine_and_rank_disagree_carry_a_mark_in_their_middle() -> None:
    map_data, lines, texts = planted_map()
    names = [trace.name for trace in map_figure(map_data, lines, texts).figure.data]
    assert OPPOSED_NAME not in names, "maps of earlier versions do not know"
    marked = lines.assign(opposed=np.arange(len(lines)) == 7)
    found = map_figure(map_data, marked, texts)
    number = [trace.name for trace in found.figure.data].index(OPPOSED_NAME)
    base = map_data.coordinates["base"]
    assert found.figure.data[number].x == pytest.approx([(base[7, 0] + base[57, 0]) / 2])
    assert found.pair_at(number, 0) == 107


def test_validation_pairs_have_marks_of_their_own() -> None:
    map_data, lines, texts = planted_map()
    found = map_figure(map_data, lines.assign(part="validation"), texts).figure
    symbols = {trace.name: trace.marker.symbol for trace in found.data if trace.name}
    assert symbols["Source, validation"] == "circle-open-dot"


def test_labelled_texts_are_full_or_hollow_and_can_be_chosen() -> None:
    map_data, lines, texts = planted_map()
    rows, held_out = np.arange(len(texts)) + 1_000, np.arange(len(texts)) % 2 == 0
    classes = TextClasses({"<b>one</b>": np.arange(10)}, rows, held_out)
    picture = map_figure(map_data, lines.head(0), texts, classes=classes, marked=(1_005,))
    some = [trace for trace in picture.figure.data if trace.legendgroup == "class-0"]
    assert [trace.marker.symbol for trace in some] == ["circle", "circle-open"]
    assert [trace.showlegend for trace in some] == [True, False]
    assert "<b>" not in picture.figure.to_json()
    assert picture.pair_at(0, 0) == 1_010
    assert picture.pair_at(1, 1) == 1_002
    assert (picture.text_at(0, 0), picture.text_at(1, 1)) == (10, 2)
    ring = picture.figure.data[-1]
    assert ring.name == "Selected"
    assert ring.x[0] == map_data.coordinates["base"][5, 0]


def test_a_selection_is_understood() -> None:
    map_data, lines, texts = planted_map()
    picture = map_figure(map_data, lines, texts, marked=(107,))
    curve = next(i for i, trace in enumerate(picture.figure.data) if trace.name == "Target, held-out")
    assert picture.pair_at(curve, 0) == 101
    assert picture.pair_at(0, 0) is None
    assert picture.pair_at(99, 0) is None
    assert picture.text_at(curve, 0) == int(lines["target"].iloc[1])
    assert picture.text_at(0, 0) == int(picture.choice.background[0])
    ring = [trace.name for trace in picture.figure.data].index("Selected")
    assert picture.text_at(ring, 0) is None, "a ring is no text's mark"
    assert "Selected" in [trace.name for trace in picture.figure.data]


def test_large_maps_are_webgl_and_play_their_snapshots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_chart, "MAX_SVG_POINTS", 10)
    map_data, lines, texts = planted_map()
    found = map_figure(map_data, lines, texts).figure
    assert {trace.type for trace in found.data if trace.mode == "markers"} == {"scattergl"}
    assert {trace.type for trace in found.data if trace.mode == "text"} == {"scatter"}
    assert [frame.name for frame in found.frames] == ["base", "best"], "only the snapshots are sent"
    played = found.layout.updatemenus[0].buttons[0].args[0]
    assert list(played) == ["base", "best"]
    found = map_figure(map_data, lines, texts, is_svg=True).figure
    assert {trace.type for trace in found.data} == {"scatter"}, "a report's map is SVG, however large"


def test_the_strongest_of_a_crowd_stand_out() -> None:
    map_data, lines, texts = planted_map(pairs=900)
    found = map_figure(map_data, lines.assign(faded=False), texts).figure
    drawn_lines = [trace for trace in found.data if trace.mode == "lines" and not trace.name]
    strong = [trace for trace in drawn_lines if trace.opacity > 0.5]
    assert sum(np.isfinite(trace.x).sum() for trace in strong) == 2 * NUM_HIGHLIGHTED
    assert sum(np.isfinite(trace.x).sum() for trace in drawn_lines) == 2 * 900
    assert drawn_lines[-len(strong) :] == strong, "they are drawn over the rest"
    for trace in (trace for trace in found.data if (trace.name or "").startswith(("Source", "Target"))):
        size, change = np.asarray(trace.marker.size), np.abs(trace.marker.color)
        assert change[size > size.min()].min() >= change[size == size.min()].max()
    assert 'opacity="0.6"' in map_svg(found, {"best": "Best"}, title="A map")


def test_an_empty_view_is_drawn() -> None:
    map_data, lines, texts = planted_map()
    assert len(map_figure(map_data, lines.head(0), texts).figure.data) == 1
