"""The present mode and the table of pairs in a real browser, on a planted run with an evaluation."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from lib.store.runs import Run
from tests.browser.conftest import choose
from tests.unit.projection.finished import evaluate_planted, finished_run

PARTS = """[...document.querySelectorAll('[data-testid=stMainBlockContainer], [data-testid=stMainBlockContainer] > .stVerticalBlock > *')]
    .map(part => [part.className, part.offsetHeight, part.innerText.slice(0, 80)])"""
"""Class, height in pixels and first words of each part of the page."""
MAIN = "document.querySelector('[data-testid=stMain]')"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Evaluate a run with a map."""
    new_run = finished_run(tmp_path_factory.mktemp("present") / "workspace", pairs=120)
    evaluate_planted(new_run)
    return new_run


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """Open a fresh window."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720)])
def test_a_presentation_needs_no_scrolling(page: Page, address: str, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}&present=1&step=play&frame=best")
    expect(page.locator(".js-plotly-plot .slider-group")).to_be_visible(timeout=60_000)
    try:
        page.wait_for_function(f"{MAIN}.scrollHeight <= {MAIN}.clientHeight")
    except PlaywrightTimeout:
        pytest.fail(f"The page is taller than the window: {page.evaluate(PARTS)}")
    for text in ("Top-1 accuracy on", "lines change length"):
        expect(page.get_by_text(text).first).to_be_in_viewport()
    expect(page.locator(".js-plotly-plot .updatemenu-button").first).to_be_in_viewport()


def test_keys_turn_from_step_to_step(page: Page, address: str) -> None:
    page.goto(f"{address}&present=1&part=All")
    cards, answer = page.get_by_test_id("stMetric"), page.locator(".rankings .row")
    expect(cards.first).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Back")).to_be_disabled()
    page.keyboard.press("PageDown")
    expect(answer.first).to_be_visible()
    expect(cards).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(page.locator(".js-plotly-plot .slider-group")).to_be_visible(timeout=60_000)
    expect(answer).to_have_count(0)
    slider = page.get_by_role("slider", name="Training snapshot")
    page.wait_for_function("document.querySelector('.js-plotly-plot')._fullLayout.sliders[0].active === 2")
    slider.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuenow", "1")
    assert "step=play" in page.url, "an arrow on the slider moves the slider alone"
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".st-key-presented-pairs").get_by_text("Improved").first).to_be_visible()
    expect(page.get_by_label("Find words in a pair")).to_be_hidden()
    expect(page.locator(".st-key-presented-pairs").get_by_text("Rank", exact=True)).to_have_count(3)
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.keyboard.press("PageUp")
    expect(page.locator(".js-plotly-plot .slider-group")).to_be_visible(timeout=60_000)
    assert "part=All" in page.url, "the map's filters stay in the address"
    page.get_by_role("button", name="Exit presentation").click()
    expect(page.get_by_role("combobox", name="Run")).to_be_visible()
    assert "step=" not in page.url


def test_pair_details_and_side_panel_show_the_same_pair(page: Page, address: str, run: Run) -> None:
    pairs = [pair for pair in range(120) if pair % 4 == 0][:3]
    page.goto(f"{address}&pair={','.join(map(str, pairs))}")
    boxes = page.get_by_role("combobox", name=re.compile("3 selected"))
    expect(boxes).to_have_count(2, timeout=60_000)
    choose(boxes.first, f"Question {pairs[2]} about")
    expect(boxes.last).to_have_value(re.compile(f"Question {pairs[2]} about"))
    choose(boxes.last, f"Question {pairs[1]} about")
    expect(boxes.first).to_have_value(re.compile(f"Question {pairs[1]} about"))
