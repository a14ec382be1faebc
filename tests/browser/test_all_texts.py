"""The map of all texts in a real browser: drawn by the graphics card, moved, pointed at, clicked.

No training: the run and its vectors are planted.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from lib.projection.store import load_map, map_texts
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from tests.unit.projection.all_texts import draw_all_texts
from tests.unit.projection.finished import finished_run

PIXELS = """host => {
  const map = host.closerMap, { gl } = map, { width, height } = gl.canvas, pixels = new Uint8Array(4 * width * height);
  map.draw();
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  return pixels.filter((value, at) => at % 4 === 3 && value).length;
}"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Finish a run with both maps."""
    home = tmp_path_factory.mktemp("all") / "workspace"
    run = finished_run(home, pairs=80)
    with pytest.MonkeyPatch.context() as patch:
        draw_all_texts(patch, run, home)
    return run


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Open a fresh window; an error of the page's scripts fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1900}, reduced_motion="reduce")
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield page
    context.close()
    assert errors == []


def open_all_texts(page: Page, address: str) -> Locator:
    """Open Explore, choose the map of all texts, and wait until it stands."""
    page.goto(f"{address}&part=all")
    page.get_by_role("radio", name="All 160 texts").or_(page.get_by_text("All 160 texts", exact=True)).first.click(
        timeout=60_000
    )
    host = page.locator(".text-map[data-ready]")
    expect(host).to_be_visible(timeout=60_000)
    return host


def place_of(host: Locator, text: int) -> tuple[float, float]:
    """Find where a text stands on the canvas, in pixels."""
    x, y = host.evaluate("(host, text) => host.closerMap.onScreen(host.closerMap.position(text))", text)
    return x, y


def lonely_text(run: Run) -> int:
    """Find the text whose mark stands farthest from any other in the last snapshot."""
    frame = np.asarray(load_map(run, kind=MapKind.ALL).coordinates["best"], np.float64)
    distance = np.hypot(*(frame[:, None] - frame[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    inside = (
        np.abs(frame - np.median(frame, axis=0)) < np.quantile(np.abs(frame - np.median(frame, axis=0)), 0.7, axis=0)
    ).all(axis=1)
    return int(np.where(inside, distance.min(axis=1), -1).argmax())


def test_marks_stand_where_the_layout_puts_them_and_move(page: Page, address: str, run: Run) -> None:
    host = open_all_texts(page, address)
    assert host.evaluate(PIXELS) > 500, "something is drawn"
    layout, text = load_map(run, kind=MapKind.ALL), lonely_text(run)
    slider = page.get_by_role("slider", name="Training snapshot")
    for end, name in (("Home", "base"), ("End", "best")):
        slider.press(end)
        at = host.evaluate("(host, text) => host.closerMap.position(text)", text)
        assert at == pytest.approx(layout.coordinates[name][text].tolist(), rel=1e-5)
    expect(page.locator(".text-map output")).to_have_text("Best (epoch 2)")


def test_a_text_is_read_under_the_pointer_and_its_pair_opens_on_a_click(page: Page, address: str, run: Run) -> None:
    host = open_all_texts(page, address)
    page.get_by_role("slider", name="Training snapshot").press("End")
    text = lonely_text(run)
    x, y = place_of(host, text)
    canvas = page.locator(".text-map canvas.points")
    canvas.hover(position={"x": x, "y": y})
    expect(page.locator(".text-map .tip")).to_have_text(map_texts(run, kind=MapKind.ALL)[text])
    canvas.click(position={"x": x, "y": y})
    expect(page.get_by_role("button", name="Clear selection (1)")).to_be_visible(timeout=20_000)
    lines = load_map(run, kind=MapKind.ALL).lines
    pair = int(lines.loc[(lines["source"] == text) | (lines["target"] == text), "pair"].iloc[0])
    assert f"pair={pair}" in page.url


def test_a_drag_moves_and_keys_zoom_while_the_wheel_alone_scrolls(page: Page, address: str, run: Run) -> None:
    host = open_all_texts(page, address)
    text = lonely_text(run)
    canvas = page.locator(".text-map canvas.points")
    before, box = place_of(host, text), canvas.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 240, box["y"] + 170, steps=4)
    page.mouse.up()
    assert place_of(host, text) == pytest.approx((before[0] + 40, before[1] - 30), abs=1)
    assert "pair=" not in page.url, "a drag is no click"
    page.mouse.wheel(0, -200)
    assert host.evaluate("host => host.closerMap.zoom") == 1
    canvas.press("+")
    assert host.evaluate("host => host.closerMap.zoom") == pytest.approx(1.6)
    page.get_by_role("button", name="Show all texts").click()
    assert place_of(host, text) == pytest.approx(before, abs=1)
