"""The map in a real browser: play, slide, zoom, click, lasso, filter, link, present, dark.

No training: the run is planted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lib.charts.colours import DARK, LIGHT
from lib.charts.map.scene import DOUBTFUL_NAME
from lib.projection.store import load_map
from lib.projection.turnover import load_text_neighbours
from lib.store.runs import Run
from tests.browser.conftest import choose
from tests.unit.projection.finished import finished_run, plant_regions

ROOT = Path(__file__).resolve().parents[2]
FIGURE = "document.querySelector('.js-plotly-plot')"
FOLLOW = "Trajectory"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Finish a run with a map."""
    run = finished_run(tmp_path_factory.mktemp("map") / "workspace", pairs=80)
    plant_regions(run, texts=160)
    return run


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Open a fresh window."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1900}, color_scheme="light")
    yield context.new_page()
    context.close()


def open_map(page: Page, address: str) -> Page:
    """Open Explore and wait for the map, at its first snapshot where the address names none."""
    page.goto(address if "frame=" in address else f"{address}&frame=base")
    expect(page.locator(".js-plotly-plot .scatterlayer .point").first).to_be_attached(timeout=60_000)
    expect(page.get_by_text("lines change length").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(300)
    return page


def mark_positions(page: Page, name: str) -> np.ndarray:
    """Read the positions of a trace's marks, (n, 2), as plotly holds them."""
    script = f"(name => {{ const t = {FIGURE}._fullData.find(t => t.name === name); return [[...t.x], [...t.y]]; }})"
    return np.array(page.evaluate(f"{script}({name!r})")).T


def expect_positions(page: Page, name: str, positions: np.ndarray) -> None:
    """Wait until the marks of a trace stand there."""
    for _ in range(80):
        if np.allclose(mark_positions(page, name), positions, atol=1e-4):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{name} is not where it should be")


def source_positions(run: Run, name: str) -> np.ndarray:
    """Read the coordinates of the held-out pairs' sources in a snapshot."""
    map_data = load_map(run)
    held_out = map_data.lines[map_data.lines["part"] == "held_out"]
    return map_data.coordinates[name][held_out["source"].to_numpy()]


PASSED = """window.passed = []; window.durations = [];
const watched = new WeakSet();
setInterval(() => { for (const plot of document.querySelectorAll('.js-plotly-plot')) {
  if (!plot.on || watched.has(plot)) continue;
  watched.add(plot);
  plot.on('plotly_animatingframe', (event) => { passed.push(event.name); durations.push(event.animation.frame.duration); });
} }, 20);"""
"""Script that lists the snapshots that a map turns to, and how long plotly gives each, in milliseconds."""


def pixel(page: Page, x: float, y: float, *, panel: str = "") -> tuple[float, float]:
    """Compute where a point of the map is on the screen. panel: "2" for the right one of two."""
    script = f"""(([x, y]) => {{ const g = {FIGURE}, l = g._fullLayout, b = g.getBoundingClientRect();
        return [b.left + l.xaxis{panel}._offset + l.xaxis{panel}.l2p(x), b.top + l.yaxis{panel}._offset + l.yaxis{panel}.l2p(y)]; }})"""
    found = page.evaluate(f"{script}({[float(x), float(y)]})")
    return found[0], found[1]


def slide(page: Page, label: str) -> None:
    """Click on a step of the figure's slider."""
    page.locator(".js-plotly-plot .slider-rail-touch-rect").first.scroll_into_view_if_needed()
    step = page.locator(".js-plotly-plot .slider-label", has_text=label).first.bounding_box()
    rail = page.locator(".js-plotly-plot .slider-rail-touch-rect").first.bounding_box()
    page.mouse.click(step["x"] + step["width"] / 2, rail["y"] + rail["height"] / 2)


def test_play_runs_from_base_to_best_without_the_server(page: Page, address: str, run: Run) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_map(page, address)
    page.wait_for_timeout(1_500)
    expect_positions(page, "Source, held-out", source_positions(run, "base"))
    before = len(sent)
    page.locator(".js-plotly-plot .updatemenu-button", has_text="Play").click()
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    slide(page, "Epoch 1")
    expect_positions(page, "Source, held-out", source_positions(run, "epoch-001"))
    assert len(sent) == before


def test_a_picture_stands_in_its_place_until_plotly_draws(page: Page, address: str) -> None:
    held: list[Route] = []
    page.route("**/PlotlyChart*.js", lambda route: held.append(route))
    page.goto(f"{address}&frame=base", wait_until="commit")
    picture = page.locator("img.map-preview")
    expect(picture).to_be_visible(timeout=60_000)
    assert picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }")
    seen = picture.bounding_box()
    for route in held:
        route.continue_()
    expect(page.locator(".js-plotly-plot .scatterlayer .point").first).to_be_attached(timeout=60_000)
    expect(picture).to_be_hidden()
    width, height = page.evaluate(f"(({{ w, h }}) => [w, h])({FIGURE}._fullLayout._size)")
    assert (seen["width"], seen["height"]) == pytest.approx((width, height), abs=40)


def test_zoom_survives_the_slider(page: Page, address: str, run: Run) -> None:
    open_map(page, address)
    full_range = page.evaluate(f"{FIGURE}._fullLayout.xaxis.range.slice()")
    middle = source_positions(run, "base").mean(axis=0)
    page.mouse.move(*pixel(page, *middle))
    page.mouse.wheel(0, 60)
    page.wait_for_timeout(500)
    assert page.evaluate(f"{FIGURE}._fullLayout.xaxis.range.slice()") == pytest.approx(full_range), (
        "the wheel alone scrolls"
    )
    page.mouse.wheel(0, -60)
    page.wait_for_timeout(500)
    page.mouse.move(*pixel(page, *middle))
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(100)
    page.keyboard.up("Control")
    page.wait_for_timeout(500)
    zoomed = page.evaluate(f"{FIGURE}._fullLayout.xaxis.range.slice()")
    slide(page, "Best")
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    assert page.evaluate(f"{FIGURE}._fullLayout.xaxis.range.slice()") == pytest.approx(zoomed)
    assert zoomed[1] - zoomed[0] < 0.9 * (full_range[1] - full_range[0])


def test_a_click_shows_the_pair_and_its_nearest_wrong_answer(page: Page, address: str, run: Run) -> None:
    open_map(page, address)
    map_data = load_map(run)
    line = map_data.lines[map_data.lines["part"] == "held_out"].iloc[3]
    lonely = map_data.coordinates["base"][int(line["source"])]
    page.mouse.click(*pixel(page, *lonely))
    expect(page.get_by_role("tab", name=FOLLOW)).to_be_visible(timeout=20_000)
    expect(page.get_by_role("tab", name="Nearest wrong answer")).to_be_visible()
    page.get_by_role("tab", name="Nearest neighbours").click()
    expect(page.get_by_text("Nearest neighbours, base")).to_be_visible()
    match = re.search(r"[?&]pair=(\d+)", page.url)
    assert match
    expect(page.get_by_text(f"Question {match[1]} about").first).to_be_visible()
    beside = page.get_by_role("tab", name=FOLLOW).bounding_box()
    figure = page.locator(".js-plotly-plot").first.bounding_box()
    assert beside["x"] >= figure["x"] + figure["width"]
    assert beside["y"] < figure["y"] + figure["height"], "what was chosen opens in sight of the map"
    page.get_by_role("button", name="Clear selection (1)").click()
    expect(page.get_by_role("tab", name=FOLLOW)).to_be_hidden()
    expect(page.get_by_text("Largest changes")).to_be_visible()
    assert "pair=" not in page.url
    expect_positions(page, "Source, held-out", source_positions(run, "base"))
    page.wait_for_timeout(500)
    assert not page.evaluate(f"{FIGURE}._fullData.some(t => t.selectedpoints)"), "nothing stays dimmed"
    page.mouse.click(*pixel(page, *lonely))
    expect(page.get_by_role("button", name="Clear selection (1)")).to_be_visible(timeout=20_000)


def test_a_lasso_chooses_many(page: Page, address: str, run: Run) -> None:
    open_map(page, address)
    page.locator(".js-plotly-plot").first.hover()
    page.locator('.modebar-btn[data-title="Lasso Select"]').first.click()
    area = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    left, top, right, low = area["x"] + 6, area["y"] + 6, area["x"] + area["width"] - 6, area["y"] + area["height"] - 6
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, low), (left, low), (left, top + 8)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    count = len(source_positions(run, "base"))
    expect(page.get_by_role("button", name=f"Clear selection ({count})")).to_be_visible(timeout=20_000)
    expect(page.get_by_text(f"Pair ({count} selected)")).to_be_visible()


def drag_lasso(page: Page, left: float, right: float) -> None:
    """Draw a lasso from top to bottom of the first panel, between two shares of its width."""
    page.locator(".js-plotly-plot").first.hover()
    page.locator('.modebar-btn[data-title="Lasso Select"]').first.click()
    area = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    x1, x2 = (area["x"] + share * area["width"] for share in (left, right))
    top, low = area["y"] + 6, area["y"] + area["height"] - 6
    page.mouse.move(x1, top)
    page.mouse.down()
    for x, y in ((x2, top), (x2, low), (x1, low), (x1, top + 8)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("view", ["Play", "Side by side"])
def test_two_lassoed_groups_are_compared_and_survive_a_reload(page: Page, address: str, run: Run, view: str) -> None:
    page.goto(f"{address}&frame=base&part=All&view={view.replace(' ', '+')}")
    expect(page.locator(".js-plotly-plot .scatterlayer .point").first).to_be_attached(timeout=60_000)
    page.wait_for_timeout(1_500)
    comparison = page.locator(".st-key-group-comparison")
    counts, x = [], load_map(run).coordinates["base"][:, 0]
    for name, (left, right) in {
        "A": (0.01, 0.48),
        "B": (0.52, 0.99),
    }.items():  # an edge of the last lasso would move it
        drag_lasso(page, left, right)
        low, high = page.evaluate(
            f"(shares => {{ const a = {FIGURE}._fullLayout.xaxis; return shares.map(s => a.p2l(s * a._length)); }})([{left}, {right}])"
        )
        counts.append(int(((x > low) & (x < high)).sum()))
        page.get_by_role("button", name=f"Group {name}", exact=True).click()
        expect(comparison.get_by_text(f"{name}: Lasso")).to_be_visible()
        expect(page.get_by_role("button", name="Group A", exact=True)).to_have_count(0)
    expect(comparison.get_by_text("Between A and B", exact=True)).to_be_visible()
    title = comparison.get_by_role("heading").inner_text()
    assert [int(count) for count in re.findall(r"Lasso: (\d+) text", title)] == counts
    assert min(counts) > 10
    page.reload()
    expect(comparison.get_by_role("heading")).to_have_text(title, timeout=60_000)
    page.get_by_role("button", name="Clear groups").click()
    expect(comparison).to_have_count(0)
    expect(page).not_to_have_url(re.compile("[?&][ab]="))


def test_filters_stand_in_a_link_that_another_browser_opens(page: Page, chromium: Browser, address: str) -> None:
    open_map(page, address)
    choose(page.get_by_role("combobox", name="Pairs"), "Trained")
    expect(page.locator(".legendtext", has_text="Source, trained")).to_be_visible(timeout=20_000)
    page.get_by_label("Find words in a pair").fill("Question 5 about")
    page.get_by_label("Find words in a pair").press("Enter")
    expect(page.get_by_text("All 1 lines")).to_be_visible(timeout=20_000)
    other = chromium.new_context(viewport={"width": 800, "height": 1000}).new_page()
    open_map(other, page.url + "&pair=5")
    expect(other.get_by_text("All 1 lines")).to_be_visible(timeout=20_000)
    expect(other.locator(".legendtext", has_text="Source, trained")).to_be_visible()
    expect(other.locator(".legendtext", has_text="Selected")).to_be_visible()
    expect(other.get_by_text("Question 5 about topic 5").first).to_be_visible()
    assert other.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    other.context.close()


def test_new_neighbours_colour_the_map_and_rings_follow_the_doubtful_texts(page: Page, address: str, run: Run) -> None:
    open_map(page, address)
    neighbours = load_text_neighbours(run.paths.map.folder, texts=load_map(run).texts)
    choose(page.get_by_role("combobox", name="Colour"), "New neighbours")
    expect(page.locator(".legendtext", has_text="0–2 of 10 neighbours new")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Neighbours").click()
    page.get_by_text("Mark doubtful positions").click()
    expect(page.locator(".legendtext", has_text=DOUBTFUL_NAME)).to_be_visible(timeout=20_000)
    page.keyboard.press("Escape")
    for label, name in (("Base", "base"), ("Best", "best")):
        slide(page, label)
        doubtful = load_map(run).coordinates[name][neighbours.is_doubtful(name)]
        for _ in range(80):
            rings = mark_positions(page, DOUBTFUL_NAME).astype(float)
            rings = rings[np.isfinite(rings).all(axis=1)]
            if len(rings) == len(doubtful) and np.allclose(
                np.sort(rings, axis=0), np.sort(doubtful, axis=0), atol=1e-4
            ):
                break
            page.wait_for_timeout(100)
        else:
            raise AssertionError(f"rings in {name} are not where the doubtful texts are")
    expect(page).to_have_url(re.compile(r"(?=.*[?&]colour=New)(?=.*[?&]doubtful=true)"))


def test_regions_have_finer_names_for_who_zooms_in(page: Page, address: str, run: Run) -> None:
    open_map(page, f"{address}&colour=Region&part=All")
    opacity = """name => [...document.querySelectorAll('.js-plotly-plot .scatterlayer .trace')].filter(
        (group) => group.__data__[0].trace.meta === name).map((group) => getComputedStyle(group).opacity).join()"""
    seen = "([names, wanted]) => names.map(" + opacity + ").join(' ') === wanted"
    names = ["wide-regions", "near-regions"]
    page.wait_for_function(seen, arg=[names, "1 0"], timeout=20_000)
    page.mouse.move(*pixel(page, *load_map(run).coordinates["base"].mean(axis=0)))
    page.keyboard.down("Control")
    for _ in range(8):
        page.mouse.wheel(0, -400)
        page.wait_for_timeout(100)
    page.keyboard.up("Control")
    page.wait_for_function(seen, arg=[names, "0 1"], timeout=20_000)
    slide(page, "Best")
    page.wait_for_function(seen, arg=[names, "0 1"], timeout=20_000)
    assert page.evaluate(f"{FIGURE}._fullLayout.sliders[0].active") == 2


def test_the_seen_snapshot_survives_every_redrawing_and_stands_in_the_link(
    page: Page, chromium: Browser, address: str, run: Run
) -> None:
    open_map(page, address)
    slide(page, "Epoch 1")
    expect_positions(page, "Source, held-out", source_positions(run, "epoch-001"))
    expect(page).to_have_url(re.compile("[?&]frame=epoch-001"))
    page.get_by_label("Find words in a pair").fill("Question")
    page.get_by_label("Find words in a pair").press("Enter")
    expect(page.get_by_role("button", name="Select all")).to_be_visible(timeout=20_000)
    expect_positions(page, "Source, held-out", source_positions(run, "epoch-001"))
    page.get_by_role("button", name="Select all").click()
    expect(page.get_by_role("button", name="Clear selection")).to_be_visible(timeout=20_000)
    expect(page.locator(".legendtext", has_text="Selected")).to_be_visible(timeout=20_000)
    expect_positions(page, "Source, held-out", source_positions(run, "epoch-001"))
    assert page.evaluate(f"{FIGURE}._fullLayout.sliders[0].active") == 1
    expect(page).to_have_url(re.compile(r"(?=.*[?&]frame=epoch-001)(?=.*[?&]find=Question)(?=.*[?&]pair=)"))
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    other = open_map(context.new_page(), page.url)
    expect_positions(other, "Source, held-out", source_positions(run, "epoch-001"))
    expect(other.get_by_text("A link includes the first 20 of them.")).to_have_count(0)
    context.close()
    slide(page, "Best")
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    expect(page).not_to_have_url(re.compile("frame="))
    slide(page, "Base")
    expect(page).to_have_url(re.compile("[?&]frame=base"))


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_map_opens_on_a_play_to_the_last_snapshot_once(
    chromium: Browser, address: str, run: Run, motion: Literal["no-preference", "reduce"]
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 1900}, reduced_motion=motion)
    page = context.new_page()
    page.add_init_script(PASSED)
    page.goto(address)
    page.wait_for_function(f"{FIGURE}?._fullLayout?.sliders?.[0]?.active === 2", timeout=60_000)
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    page.get_by_label("Find words in a pair").fill("Question")
    page.get_by_label("Find words in a pair").press("Enter")
    expect(page.get_by_role("button", name="Select all")).to_be_visible(timeout=20_000)
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    durations = page.evaluate("durations")
    assert [duration for duration in durations if duration > 0] == ([] if motion == "reduce" else [1200])
    expect(page).not_to_have_url(re.compile("frame="))
    context.close()


def test_base_and_best_stand_side_by_side_and_are_linked(page: Page, address: str, run: Run) -> None:
    page.goto(f"{address}&view=Side+by+side")
    page.wait_for_function(f"{FIGURE}?._fullLayout?.meta?.panels === 2", timeout=60_000)
    left, right = source_positions(run, "base"), source_positions(run, "best")
    marks = page.evaluate(
        f"{FIGURE}._fullData.filter(t => t.name === 'Source, held-out').map(t => [t.xaxis, [...t.x], [...t.y]])"
    )
    assert [axis for axis, _, _ in marks] == ["x", "x2"]
    for (_, x, y), positions in zip(marks, (left, right), strict=True):
        assert np.allclose(np.array([x, y]).T, positions, atol=1e-4)
    page.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    page.mouse.move(*pixel(page, *left[3]))
    ring = page.locator(".closer-linked circle")
    expect(ring).to_have_count(1)
    partner = pixel(page, *right[3], panel="2")
    box = ring.bounding_box()
    assert (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) == pytest.approx(partner, abs=2)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -400)
    page.keyboard.up("Control")
    page.wait_for_function(f"{FIGURE}._fullLayout.xaxis2.range[0] === {FIGURE}._fullLayout.xaxis.range[0]")
    page.mouse.click(*pixel(page, *left[3]))
    expect(page.get_by_role("button", name="Clear selection (1)")).to_be_visible(timeout=20_000)
    expect(ring.first).to_be_attached()
    expect(page.locator('.modebar-btn[data-title*="PNG" i]')).to_have_count(1)


def test_a_link_names_its_snapshot_plainly(page: Page, address: str, run: Run) -> None:
    open_map(page, address + "&frame=epoch-001")
    expect_positions(page, "Source, held-out", source_positions(run, "epoch-001"))
    assert "frame=epoch-001" in page.url


def test_reduced_motion_has_no_transitions(chromium: Browser, address: str, run: Run) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 1400}, reduced_motion="reduce")
    page = open_map(context.new_page(), address)
    steps = page.evaluate(f"{FIGURE}._fullLayout.sliders[0].steps.map(s => s.args[1].transition.duration)")
    assert set(steps) == {0}
    assert page.evaluate(f"{FIGURE}._fullLayout.updatemenus[0].buttons[0].args[1].transition.duration") == 0
    page.locator(".js-plotly-plot .updatemenu-button", has_text="Play").click()
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    context.close()


def test_play_and_slider_answer_to_keys_without_the_server(page: Page, address: str, run: Run) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_map(page, address)
    page.wait_for_timeout(1_500)
    before = len(sent)
    assert page.evaluate("typeof closerTransition") == "object", (
        "streamlit drops a script that it takes for something else"
    )
    slider = page.get_by_role("slider", name="Training snapshot")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect_positions(page, "Source, held-out", source_positions(run, "epoch-001"))
    expect(slider).to_have_attribute("aria-valuetext", "Epoch 1")
    page.keyboard.press("End")
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    page.keyboard.press("Home")
    expect_positions(page, "Source, held-out", source_positions(run, "base"))
    expect(slider).to_have_attribute("aria-valuenow", "0")
    page.get_by_role("button", name="Play from base to best").focus()
    page.keyboard.press("Enter")
    expect_positions(page, "Source, held-out", source_positions(run, "best"))
    assert len(sent) == before


def test_present_shows_the_map_and_play_alone(page: Page, address: str, run: Run) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_map(page, address)
    choose(page.get_by_role("combobox", name="Pairs"), "All")
    expect(page.get_by_text("All 80 lines")).to_be_visible(timeout=20_000)
    choose(page.get_by_role("combobox", name="Group"), "team 1")
    expect(page.get_by_text("All 27 lines")).to_be_visible(timeout=20_000)
    slide(page, "Epoch 1")
    expect(page).to_have_url(re.compile("frame=epoch-001"))
    page.get_by_role("button", name="Present").click()
    expect(page.get_by_role("button", name="Exit presentation")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("textbox", name="Search the targets")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".js-plotly-plot .slider-group")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(1_500)
    expect(page.get_by_label("Find words in a pair")).to_be_hidden()
    expect(page.get_by_text("Download")).to_have_count(0)
    assert all(word in page.url for word in ("present=1", "part=All", "group=team", "frame=epoch-001"))
    page.wait_for_function(f"{FIGURE}._fullLayout.sliders[0].active === 1")
    page.locator(".js-plotly-plot .updatemenu-button", has_text="Play").click()
    page.wait_for_function(f"{FIGURE}._fullLayout.sliders[0].active === 2")
    page.get_by_role("button", name="Exit presentation").click()
    expect(page.get_by_text("All 27 lines")).to_be_visible(timeout=20_000)
    assert "part=All" in page.url


def test_colours_follow_the_theme_also_while_a_page_is_open(chromium: Browser, address: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 1400}, color_scheme="dark")
    page = open_map(context.new_page(), address)
    for scheme, palette in (("dark", DARK), ("light", LIGHT)):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            f"better => {FIGURE}?._fullData?.some(t => t.mode === 'lines' && t.line.color === better)",
            arg=palette.better,
        )
        button = page.locator(".js-plotly-plot .updatemenu-button", has_text="Play")
        expect(button).to_have_count(1)  # the one of the other colours goes when its successor stands
        button.hover()
        page.wait_for_timeout(300)
        fill = button.locator("rect").first.evaluate("rect => getComputedStyle(rect).fill")
        assert "0.22" in fill, "a veil over the page's own ground, so that words stay readable"
    context.close()


def test_texts_that_look_like_tags_stay_texts(page: Page, address: str) -> None:
    open_map(page, address + "&pair=0")
    expect(page.get_by_text("Question <b onmouseover=alert(1)>zero</b> & more").first).to_be_visible()
    assert page.locator("b[onmouseover]").count() == 0


def test_the_map_can_be_downloaded(page: Page, chromium: Browser, address: str, run: Run, tmp_path: Path) -> None:
    open_map(page, address)
    page.locator('[data-testid="stPopover"]', has_text="Download").locator("button").first.click()
    for button, name in (("Map (SVG)", "map.svg"), ("Animated map (HTML)", "map.html")):
        with page.expect_download(timeout=30_000) as download:
            page.get_by_role("button", name=button).click()
        download.value.save_as(tmp_path / name)
    svg = (tmp_path / "map.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert {"Base", "Best (epoch 2)"} <= set(re.findall(r">([^<]+)</text></svg>", svg)), "paper shows both ends"
    assert LIGHT.paper in svg
    context = chromium.new_context(offline=True)
    alone = context.new_page()
    alone.goto((tmp_path / "map.html").as_uri())
    expect_positions(alone, "Source, held-out", source_positions(run, "base"))
    expect(alone.get_by_role("heading", name="Planted, model: map of the pairs")).to_be_visible()
    expect(alone.get_by_text("lines change length")).to_be_visible()
    expect(alone.locator(".legendtext", has_text="Moved closer")).to_be_visible()
    expect(alone.locator('.modebar-btn[data-title*="Share"]')).to_have_count(0)
    alone.locator(".js-plotly-plot .updatemenu-button", has_text="Play").click()
    expect_positions(alone, "Source, held-out", source_positions(run, "best"))
    context.close()


def test_another_layout_is_drawn_while_the_old_one_stays(page: Page, address: str) -> None:
    open_map(page, address)
    layouts = page.locator('[data-testid="stPopover"]', has_text="Layout").locator("button").first
    layouts.click()
    page.get_by_text("PCA", exact=True).click()
    page.get_by_role("button", name="Recompute map").click()
    expect(page.get_by_text("Recomputing the map")).to_be_visible(timeout=20_000)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("Recomputing the map")).to_be_hidden(timeout=90_000)
    expect(layouts).to_be_visible(timeout=20_000)
    layouts.click()
    expect(page.get_by_text("Current map: PCA")).to_be_visible(timeout=20_000)
