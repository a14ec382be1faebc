"""The map's figure: frames, marks, colours, what is drawn of how much, and that no text can smuggle tags in."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.charts.colours import DARK, LIGHT
from lib.charts.map import figure as map_chart
from lib.charts.map.choice import sample_map
from lib.charts.map.figure import map_figure
from lib.charts.map.labels import covered_marks, readable_colour
from lib.charts.map.page import map_page
from lib.charts.map.scene import NUM_HIGHLIGHTED, TextClasses
from lib.charts.map.svg import map_svg
from lib.charts.pair.before_after import before_after
from lib.charts.pair.nearest_wrong import AnswerTriple, nearest_wrong_figure, triangle
from lib.charts.pair.trajectory import trajectory_figure
from lib.projection.quality import LayoutQuality
from lib.projection.store import Map, MapFacts, SnapshotLabel


def planted(pairs: int = 50, others: int = 30) -> tuple[Map, pd.DataFrame, list[str]]:
    """Return a map of pairs and other texts whose pairs come together, its lines, and its texts."""
    draw = np.random.default_rng(0)
    base = draw.normal(size=(2 * pairs + others, 2)).astype(np.float32)
    best = base.copy()
    best[:pairs] = (base[:pairs] + base[pairs : 2 * pairs]) / 2
    value = np.linspace(-1, 1, pairs)
    lines = pd.DataFrame(
        {
            "pair": np.arange(pairs) + 100,
            "part": np.where(np.arange(pairs) % 2, "held_out", "train"),
            "source": np.arange(pairs),
            "target": np.arange(pairs) + pairs,
            "base_cosine": 0.2,
            "tuned_cosine": 0.2 + 0.3 * value,
            "base_rank": 5,
            "tuned_rank": 2,
            "value": value,
            "faded": np.arange(pairs) < 3,
            "change": np.where(value < 0, "worse", "better"),
        }
    )
    facts = MapFacts(
        "pair-faithful",
        0.5,
        1.0,
        (SnapshotLabel("base", 0, "Base"), SnapshotLabel("best", 1, "Best (epoch 1)")),
        LayoutQuality(),
        LayoutQuality(),
    )
    drawn = Map(Path("nowhere"), facts, {"base": base, "best": best}, lines)
    return drawn, lines, [f"<i>text</i> {i}" for i in range(len(base))]


def decoded(spec: dict) -> np.ndarray:
    """Return the numbers of a typed array as plotly sends them."""
    return np.frombuffer(base64.b64decode(spec["bdata"]), dtype=spec["dtype"])


def test_frames_hold_every_trace_at_every_moment_as_float32_bytes() -> None:
    drawn, lines, texts = planted()
    sent = json.loads(map_figure(drawn, lines, texts).figure.to_json())
    assert [frame["name"] for frame in sent["frames"]] == ["base", "best"]
    for frame in sent["frames"]:
        assert len(frame["data"]) == len(sent["data"])
        assert all(trace["x"]["dtype"] == "f4" for trace in frame["data"])
    last = sent["frames"][1]["data"][0]
    assert np.array_equal(decoded(last["x"]), drawn.coordinates["best"][100:, 0])


def test_slider_and_play_name_the_frames() -> None:
    drawn, lines, texts = planted()
    found = map_figure(drawn, lines, texts, start="best").figure
    slider = found.layout.sliders[0]
    assert [step.label for step in slider.steps] == ["Base", "Best (epoch 1)"]
    assert slider.active == 1
    assert list(found.layout.updatemenus[0].buttons[0].args[0]) == ["base", "best"]
    assert np.array_equal(found.data[0].x, drawn.coordinates["best"][100:, 0])


def test_the_same_input_gives_the_same_bytes() -> None:
    drawn, lines, texts = planted()
    assert map_figure(drawn, lines, texts).figure.to_json() == map_figure(drawn, lines, texts).figure.to_json()


def test_marks_tell_ends_and_parts_apart() -> None:
    drawn, lines, texts = planted()
    symbols = {trace.name: trace.marker.symbol for trace in map_figure(drawn, lines, texts).figure.data if trace.name}
    assert symbols["Source, held-out"] == "circle"
    assert symbols["Target, held-out"] == "square"
    assert symbols["Source, trained"] == "circle-open"
    assert symbols["Target, trained"] == "square-open"


def test_texts_are_escaped_and_the_extremes_named() -> None:
    drawn, lines, texts = planted()
    found = map_figure(drawn, lines, texts).figure
    assert "<i>" not in found.to_json()
    named = [word for trace in found.data if trace.mode == "text" for word in trace.text]
    assert "&lt;i&gt;text&lt;/i&gt; 0" in named
    assert "&lt;i&gt;text&lt;/i&gt; 49" in named


def test_lines_below_the_noise_are_faded() -> None:
    drawn, lines, texts = planted()
    found = [trace for trace in map_figure(drawn, lines, texts).figure.data if trace.mode == "lines"]
    assert len({trace.opacity for trace in found if trace.showlegend is False}) == 2
    dim = [trace for trace in found if trace.legendgroup == "noise" and trace.showlegend is False]
    assert sum(np.isfinite(trace.x).sum() for trace in dim) == 2 * 3


def test_the_key_names_each_colour_and_moves_with_the_frames() -> None:
    drawn, lines, texts = planted()

    def key(**options: object) -> list[str]:
        found = map_figure(drawn, lines, texts, **options).figure
        entries = [trace for trace in found.data if trace.mode == "lines" and trace.name]
        assert all(np.isnan(trace.x).all() for trace in entries)
        shown = {trace.legendgroup for trace in found.data if trace.mode == "lines"}
        assert shown == {trace.legendgroup for trace in entries}
        return [trace.name for trace in entries]

    assert key() == ["Came closer", "Stayed", "Went apart", "Below the layout's noise"]
    assert key(measure="margin")[2] == "Fell back"
    assert key(measure="label")[0] == "Moved as asked"


def test_names_can_be_read_and_stand_aside_from_marks() -> None:
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
    place, room, wide = np.zeros(4), np.array([1.0, 0.2, 1.0, 0.2]), np.full((2, 4), 5.0) * [[-1], [1]]
    above = np.tile([0.1, 0.15], 2)[None]
    sides = {"top center": 2, "bottom center": 0, "middle right": 0, "middle left": 0}
    assert covered_marks(place, above, room, wide) == sides
    wide[0, 2] = -1.0  # at the last moment there is no room at the left
    assert covered_marks(place, above, room, wide).keys() == sides.keys() - {"middle left"}


def test_validation_pairs_have_marks_of_their_own() -> None:
    drawn, lines, texts = planted()
    found = map_figure(drawn, lines.assign(part="validation"), texts).figure
    symbols = {trace.name: trace.marker.symbol for trace in found.data if trace.name}
    assert symbols["Source, validation"] == "circle-open-dot"


def test_labelled_texts_are_full_or_hollow_and_can_be_chosen() -> None:
    drawn, lines, texts = planted()
    rows, held = np.arange(len(texts)) + 1_000, np.arange(len(texts)) % 2 == 0
    classes = TextClasses({"<b>one</b>": np.arange(10)}, rows, held)
    picture = map_figure(drawn, lines.head(0), texts, classes=classes, marked=(1_005,))
    some = [trace for trace in picture.figure.data if trace.legendgroup == "class-0"]
    assert [trace.marker.symbol for trace in some] == ["circle", "circle-open"]
    assert [trace.showlegend for trace in some] == [True, False]
    assert "<b>" not in picture.figure.to_json()
    assert picture.pair_at(0, 0) == 1_010
    assert picture.pair_at(1, 1) == 1_002
    ring = picture.figure.data[-1]
    assert ring.name == "Chosen"
    assert ring.x[0] == drawn.coordinates["base"][5, 0]


def test_a_page_of_its_own_tells_all_and_does_not_start_by_itself() -> None:
    drawn, lines, texts = planted()
    page = map_page(
        map_figure(drawn, lines, texts).figure, title="A <map>", sentences=["83% tell <truth>."], alt='Of "50"'
    )
    assert "<title>A &lt;map&gt;</title>" in page
    assert "83% tell &lt;truth&gt;." in page
    assert 'aria-label="Of &quot;50&quot;"' in page
    assert "Came closer" in page
    assert "Plotly.animate(" not in page.rsplit("</script>", 2)[-2]


def test_a_selection_is_understood() -> None:
    drawn, lines, texts = planted()
    picture = map_figure(drawn, lines, texts, marked=(107,))
    curve = next(i for i, trace in enumerate(picture.figure.data) if trace.name == "Target, held-out")
    assert picture.pair_at(curve, 0) == 101
    assert picture.pair_at(0, 0) is None
    assert picture.pair_at(99, 0) is None
    assert "Chosen" in [trace.name for trace in picture.figure.data]


def test_large_maps_are_webgl_and_play_their_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_chart, "MAX_SVG_POINTS", 10)
    drawn, lines, texts = planted()
    found = map_figure(drawn, lines, texts).figure
    assert {trace.type for trace in found.data if trace.mode == "markers"} == {"scattergl"}
    assert {trace.type for trace in found.data if trace.mode == "text"} == {"scatter"}
    assert [frame.name for frame in found.frames] == ["base", "best"], "only the moments are sent"
    played = found.layout.updatemenus[0].buttons[0].args[0]
    assert list(played) == ["base", "best"]


def test_the_strongest_of_a_crowd_stand_out() -> None:
    drawn, lines, texts = planted(pairs=900)
    found = map_figure(drawn, lines.assign(faded=False), texts).figure
    drawn_lines = [trace for trace in found.data if trace.mode == "lines" and not trace.name]
    strong = [trace for trace in drawn_lines if trace.opacity > 0.5]
    assert sum(np.isfinite(trace.x).sum() for trace in strong) == 2 * NUM_HIGHLIGHTED
    assert sum(np.isfinite(trace.x).sum() for trace in drawn_lines) == 2 * 900
    assert drawn_lines[-len(strong) :] == strong, "they are drawn over the rest"
    for trace in (trace for trace in found.data if (trace.name or "").startswith(("Source", "Target"))):
        size, change = np.asarray(trace.marker.size), np.abs(trace.marker.color)
        assert change[size > size.min()].min() >= change[size == size.min()].max()
    assert 'opacity="0.6"' in map_svg(found, "best", title="A map")


def test_what_is_drawn_is_limited_with_every_extreme() -> None:
    _, lines, _ = planted(pairs=5_000)
    choice = sample_map(lines, 12_000, marked=(2_600,), most=4_000)
    assert choice.points <= 4_000
    assert choice.all_points == 12_000
    assert set(range(200)) <= set(choice.lines)
    assert set(range(4_800, 5_000)) <= set(choice.lines)
    assert 2_500 in choice.lines
    middle = choice.lines[(choice.lines > 1_000) & (choice.lines < 4_000)]
    assert abs(middle.mean() - 2_500) < 150
    assert sample_map(lines, 12_000).points == 12_000


def test_an_empty_view_is_drawn() -> None:
    drawn, lines, texts = planted()
    assert len(map_figure(drawn, lines.head(0), texts).figure.data) == 1


def test_before_after_draws_each_pair_once_and_the_diagonal() -> None:
    _, lines, texts = planted()
    found = before_after(lines, texts, measure="rank", marked=(103,))
    assert len(found.data[0].x) == len(lines)
    assert found.data[1].x == found.data[1].y
    assert list(found.data[0].marker.size).count(14) == 1


def test_the_triangle_has_the_true_distances() -> None:
    vectors = np.random.default_rng(1).normal(size=(3, 8))
    place = triangle(vectors)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(place[a] - place[b]) == pytest.approx(np.linalg.norm(vectors[a] - vectors[b]))


def test_the_intruder_is_drawn_before_and_after() -> None:
    before = np.array([[1.0, 0], [0, 1], [0.9, 0.1]])
    after = np.array([[1.0, 0], [0.9, 0.1], [0, 1]])
    triple = AnswerTriple(("<q>", "right", "wrong"), before, after)
    assert triple.was_nearer
    assert not triple.is_nearer
    found = nearest_wrong_figure(triple)
    assert "<q>" not in found.to_json()
    assert {trace.xaxis for trace in found.data} == {"x1", "x2"} or {trace.xaxis for trace in found.data} == {"x", "x2"}


def test_the_trail_passes_all_moments() -> None:
    drawn, _, texts = planted()
    found = trajectory_figure(drawn, texts, 3, 53, {"base": [1, 2], "tuned": [4]})
    way = next(trace for trace in found.data if trace.name == "Source")
    assert np.array_equal(way.x, np.stack([f[3, 0] for f in drawn.coordinates.values()]))


def test_the_svg_holds_every_mark_and_is_well_formed() -> None:
    from xml.etree import ElementTree

    drawn, lines, texts = planted()
    picture = map_figure(drawn, lines, texts)
    root = ElementTree.fromstring(map_svg(picture.figure, "best", title="A <map>"))
    names = [element.tag.rsplit("}")[-1] for element in root.iter()]
    assert names.count("circle") == 50 + 30
    assert names.count("rect") == 50 + 1
    assert root.get("aria-label") == "A <map>"
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert {"A <map>", "Came closer", "Source, held-out"} <= set(words)


def test_names_never_stand_on_each_other() -> None:
    drawn, lines, texts = planted()
    for frame in drawn.coordinates.values():
        frame[:20] = frame[0]  # the twenty worst sources at one place
    found = map_figure(drawn, lines, texts).figure
    worst, best = [trace for trace in found.data if trace.mode == "text"]
    assert worst.text[0] == "&lt;i&gt;text&lt;/i&gt; 0"
    assert set(worst.text[1:]) <= {f"&lt;i&gt;text&lt;/i&gt; {i}" for i in range(20, 25)}
    assert 1 <= len(best.text) <= 3
