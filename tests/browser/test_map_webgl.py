"""The transitions of large maps, drawn by WebGL, on the exported page's and Streamlit's own plotly.

No training: the run is planted. What plotly does rarely (an interrupted transition, none at all) is told by its own events.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from lib.charts.map import figure as map_chart
from lib.charts.map.page import map_page
from lib.projection.run import draw_map
from lib.projection.store import load_map
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from tests.browser.test_map import FIGURE, mark_positions, slide
from tests.unit.charts.planted import planted_map
from tests.unit.projection.finished import finished_run

PAIRS = map_chart.MAX_SVG_POINTS // 2 + 50
"""So many that the map is drawn by WebGL."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Finish a run with a large map, laid out by PCA: in no time."""
    home = tmp_path_factory.mktemp("map") / "workspace"
    new_run = finished_run(home, pairs=PAIRS, snapshots=2, with_map=False)
    draw_map(new_run, open_workspace(home).datasets.get(new_run.dataset), home=home, method="pca")
    return new_run


@dataclass(frozen=True)
class Large:
    """A page with a large map: its address, whether it is a file, its held-out sources' positions.

    Those of the first and of the last snapshot.
    """

    address: str
    is_file: bool
    base: np.ndarray
    best: np.ndarray
    last: str


@pytest.fixture(params=["exported page", "app"])
def large(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Large:
    """Open a large map on the exported page (the plotly wheel's build) and in the app (Streamlit's)."""
    if request.param == "app":
        address, run = request.getfixturevalue("address"), request.getfixturevalue("run")
        map_data = load_map(run)
        sources = map_data.lines.loc[map_data.lines["part"] == "held_out", "source"].to_numpy()
        return Large(
            f"{address}&frame=base",
            False,
            map_data.coordinates["base"][sources],
            map_data.coordinates["best"][sources],
            map_data.labels["best"],
        )
    monkeypatch.setattr(map_chart, "MAX_SVG_POINTS", 10)
    map_data, lines, texts = planted_map()
    html = map_page(map_chart.map_figure(map_data, lines, texts).figure, title="A map", sentences=[], alt="A map")
    (tmp_path / "map.html").write_text(html, encoding="utf-8")
    sources = lines.loc[lines["part"] == "held_out", "source"].to_numpy()
    address = (tmp_path / "map.html").as_uri()
    return Large(
        address,
        True,
        map_data.coordinates["base"][sources],
        map_data.coordinates["best"][sources],
        map_data.labels["best"],
    )


@pytest.fixture
def page(chromium: Browser, large: Large) -> Iterator[Page]:
    """Open the map in a fresh window and wait until it stands."""
    yield from open_map(chromium, large)


@pytest.fixture
def still_page(chromium: Browser, large: Large) -> Iterator[Page]:
    """Open the map in a window that asks for less motion."""
    yield from open_map(chromium, large, reduced_motion="reduce")


def open_map(chromium: Browser, large: Large, **options: object) -> Iterator[Page]:
    """Open the map in a window of its own."""
    context = chromium.new_context(offline=large.is_file, viewport={"width": 1280, "height": 1600}, **options)
    page = context.new_page()
    page.goto(large.address)
    expect(page.locator(".js-plotly-plot .gl-container").first).to_be_attached(timeout=60_000)
    page.wait_for_function("typeof closerTransition === 'object'")
    expect_marks(page, "Source, held-out", large.base)
    yield page
    context.close()


def expect_marks(page: Page, name: str, positions: np.ndarray) -> None:
    """Wait until the marks of a trace stand there, in any order: the strongest changes are drawn last."""
    for _ in range(150):
        if np.allclose(np.sort(mark_positions(page, name), axis=0), np.sort(positions, axis=0), atol=1e-4):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{name} is not where it should be")


WATCH = f"""(() => {{
  Object.assign(window, {{ passed: [], seen: new Set() }});
  {FIGURE}.on('plotly_animatingframe', (event) => passed.push(event.name));
  const observe = () => {{
    const canvas = document.querySelector('.closer-transition');
    if (canvas) seen.add(canvas.toDataURL());
    requestAnimationFrame(observe);
  }};
  observe();
}})()"""
LISTEN = f"{FIGURE}.dispatchEvent(new KeyboardEvent('keydown', {{ key: 'Shift', bubbles: true }}))"
ENDED = "!document.querySelector('.closer-transition') && !document.querySelector('.closer-in-transition')"


def emit(page: Page, kind: str, name: str = "") -> None:
    """Let plotly's figure say something, as plotly would."""
    event = f"{{ name: '{name}', animation: {{ frame: {{ duration: 350 }} }} }}" if name else "[]"
    page.evaluate(f"{FIGURE}.emit('{kind}', {event})")


def test_marks_move_between_snapshots(page: Page, large: Large) -> None:
    page.evaluate(WATCH)
    page.locator(".js-plotly-plot .updatemenu-button", has_text="Play").click()
    expect_marks(page, "Source, held-out", large.best)
    page.wait_for_function(ENDED)
    assert page.evaluate("passed") == ["base", "best"]
    assert page.evaluate("seen.size") > 2, "the marks are seen on their way"
    page.evaluate("seen.clear()")
    slide(page, "Base")
    expect_marks(page, "Source, held-out", large.base)
    page.wait_for_function("seen.size > 0")
    page.wait_for_function(ENDED)


def test_marks_in_transition_look_as_plotlys_do(page: Page) -> None:
    page.wait_for_timeout(500)
    before = map_pixels(page)
    positions = f"const plot = {FIGURE}, positions = closerTransition.positionsAt(plot, 'base');"
    page.evaluate(f"(() => {{ {positions} closerTransition.begin(plot, positions, positions, 1); }})()")
    assert page.locator(".gl-container").first.evaluate("node => getComputedStyle(node).visibility") == "hidden"
    during = map_pixels(page)
    inked = (before < 250).any(axis=2) | (during < 250).any(axis=2)
    assert inked.sum() > 1_000
    assert np.abs(before - during)[inked].mean() < 30, "of 255: edges are smoothed differently"
    page.evaluate(f"closerTransition.end({FIGURE})")
    assert np.abs(map_pixels(page) - before).mean() < 0.5


def map_pixels(page: Page) -> np.ndarray:
    """Take a picture of the map's inside, (height, width, 3) float."""
    shot = Image.open(io.BytesIO(page.locator(".js-plotly-plot").first.screenshot()))
    return np.asarray(shot.convert("RGB"), dtype=float)[40:-110, :-60]


def test_reduced_motion_has_no_transitions(still_page: Page, large: Large) -> None:
    still_page.evaluate(WATCH)
    slide(still_page, large.last)
    expect_marks(still_page, "Source, held-out", large.best)
    still_page.wait_for_timeout(500)
    assert still_page.evaluate("passed") == ["best"]
    assert still_page.evaluate("seen.size") == 0


def test_an_interrupted_transition_gives_plotlys_layer_back(page: Page, large: Large) -> None:
    page.evaluate(LISTEN)
    emit(page, "plotly_animatingframe", "best")
    assert not page.evaluate(ENDED)
    emit(page, "plotly_transitioninterrupted")
    assert page.evaluate(ENDED)
    slide(page, large.last)
    expect_marks(page, "Source, held-out", large.best)
    page.wait_for_function(ENDED)


def test_a_transition_that_a_newer_one_interrupts_goes_on(page: Page) -> None:
    page.evaluate(LISTEN)
    emit(page, "plotly_animatingframe", "best")
    emit(page, "plotly_animatingframe", "base")
    emit(page, "plotly_transitioninterrupted")
    assert not page.evaluate(ENDED)
    emit(page, "plotly_transitioned")
    page.wait_for_function(ENDED)


def test_the_watchdog_gives_plotlys_layer_back(page: Page) -> None:
    page.evaluate(LISTEN)
    emit(page, "plotly_animatingframe", "best")
    assert not page.evaluate(ENDED)
    page.wait_for_function(ENDED)  # though plotly says nothing
    assert page.locator(".gl-container").first.evaluate("node => getComputedStyle(node).visibility") == "visible"


FIELDS = (
    "_fullData",
    "_transitionData",
    "_transitionData._frameHash",
    "_fullLayout",
    "_fullLayout._size",
    "_fullLayout._size.w",
    "_fullLayout.xaxis",
    "_fullLayout.yaxis.range",
    "_fullLayout.sliders",
    "removeListener",
)
WITHOUT = f"""(path) => {{
  const plot = {FIGURE}, layout = plot._fullLayout;
  const copy = {{
    _fullData: plot._fullData, _transitionData: {{ ...plot._transitionData }}, on: plot.on, removeListener: plot.removeListener,
    _fullLayout: {{ ...layout, _size: {{ ...layout._size }}, xaxis: {{ ...layout.xaxis }}, yaxis: {{ ...layout.yaxis }} }},
    querySelector: (selector) => plot.querySelector(selector),
  }};
  const names = path.split('.'), last = names.pop();
  if (last) delete names.reduce((node, name) => node[name], copy)[last];
  return closerTransition.isSupported(copy);
}}"""


def test_a_missing_private_field_switches_transitions_off(page: Page, large: Large) -> None:
    assert page.evaluate(WITHOUT, "")
    assert {path: page.evaluate(WITHOUT, path) for path in FIELDS} == dict.fromkeys(FIELDS, False)
    page.evaluate(WATCH)
    page.evaluate(f"{FIGURE}.removeListener = undefined")
    slide(page, large.last)
    expect_marks(page, "Source, held-out", large.best)
    assert page.evaluate("seen.size") == 0, "plotly shows the snapshot by itself"
