"""From verdict to pair in a real browser: the sentence, cards, tables, one pair opened, each tab."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from lib.data.model_inputs import ModelInputs
from lib.evaluation.questions import load_questions
from lib.evaluation.run import evaluate_inputs
from lib.evaluation.store import load_pairs
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace
from tests.browser.conftest import standing
from tests.unit.evaluation.fakes import of_text
from tests.unit.projection.finished import finished_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Finish a run with a map, evaluated with the planted vectors."""
    new_run = finished_run(tmp_path_factory.mktemp("verdict") / "workspace", pairs=160)
    snapshots = read_snapshots(new_run.paths.snapshots.folder)
    row_of = {text: number for number, text in enumerate(snapshots.texts())}
    vectors = {"base": snapshots.vectors("base"), "tuned": snapshots.vectors("best")}

    def embed(name: str, texts: list[str]) -> np.ndarray:
        dim = vectors[name].shape[1]
        rows = [vectors[name][row_of[t]] if t in row_of else np.resize(of_text(t), dim) for t in texts]
        return np.array(rows, dtype=np.float32)

    dataset = open_workspace(new_run.folder.parent.parent).datasets.get(new_run.dataset)
    evaluate_inputs(ModelInputs.of(dataset.frame(), dataset.shape), embed, folder=new_run.paths.evaluation.folder)
    return new_run


@pytest.fixture(params=[1440, 800])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a fresh window, wide and narrow."""
    context = chromium.new_context(viewport={"width": request.param, "height": 1200})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def test_the_verdict_opens_to_a_single_pair(page: Page, address: str, run: Run) -> None:
    page.goto(address)
    expect(page.get_by_text("Top-1 accuracy on").first).to_be_visible()
    expect(page.get_by_text("bootstrap over groups").first).to_be_visible()
    for name in ("Recall@1", "Recall@10", "MRR@10", "nDCG@10", "Median rank"):
        label = page.locator('[data-testid="stMetricLabel"]', has_text=name).first
        expect(label).to_be_visible(timeout=30_000)  # cards come in a file of their own
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    rows = 1 if page.viewport_size["width"] == 1440 else 2  # cards stand in one row where there is room, else they wrap
    page.wait_for_function(
        "rows => new Set([...document.querySelectorAll('[data-testid=stMetric]')]"
        ".map(card => Math.round(card.getBoundingClientRect().top))).size === rows",
        arg=rows,
    )

    page.get_by_role("radio", name="All pairs").or_(page.get_by_role("button", name="All pairs")).first.click()
    table = page.locator('[data-testid="stDataFrame"]').filter(
        has=page.locator('[aria-label*="Held-out pairs: texts"]')
    )
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)
    expect(table.first.locator("canvas").first).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1_500)  # the table is drawn anew for the other list
    box = standing(table.first)
    page.mouse.click(box["x"] + 12, box["y"] + 54)  # the selection column of the first row
    first = load_pairs(run).iloc[0]
    expect(page.get_by_text("Nearest to the source, base")).to_be_visible(timeout=30_000)
    expect(page.get_by_text(str(first["anchor"])).first).to_be_visible()
    assert f"pair={first['pair']}" in page.url

    page.get_by_role("tab", name="Side effects").click()
    expect(page.get_by_text("Collapse", exact=False).first).to_be_visible()
    page.get_by_role("tab", name="Similarity and threshold").click()
    expect(page.get_by_text("Recommended threshold").first).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


def test_the_search_comes_before_the_map_and_is_answered_at_once(page: Page, address: str, run: Run) -> None:
    page.goto(address)
    questions = load_questions(run)
    answer = page.locator(".rankings")
    expect(answer.get_by_role("list", name="Tuned").get_by_role("listitem").first).to_contain_text("Right answer")
    expect(answer.locator("svg path.right.better")).to_have_count(1)
    expect(page.get_by_role("textbox", name="Search the targets")).to_have_value(questions.texts[questions.improved[0]])
    expect(page.get_by_role("status").filter(has_text="Tuned: right answer first")).to_have_count(1)
    plot = page.locator(".js-plotly-plot").first
    expect(plot).to_be_visible(timeout=60_000)
    assert answer.bounding_box()["y"] < plot.bounding_box()["y"]
    if page.viewport_size["width"] == 1440:
        assert plot.bounding_box()["y"] < 820, "verdict, search and the top of the map stand in a window of 1440 x 900"
    page.locator(f".st-key-search-example-{questions.improved[1]} button").click()
    expect(page.get_by_role("textbox", name="Search the targets")).to_have_value(questions.texts[questions.improved[1]])
    answer.get_by_role("button", name="Show ten").press("Enter")
    expect(answer.get_by_role("list", name="Tuned").get_by_role("listitem")).to_have_count(10)
    expect(answer.get_by_role("button", name="Show fewer")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_present_mode_shows_badge_sentence_and_map(page: Page, address: str) -> None:
    page.goto(f"{address}&present=1&step=play")
    expect(page.get_by_text("Top-1 accuracy on").first).to_be_visible()
    expect(page.get_by_role("button", name="Exit presentation")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)
    expect(page.get_by_text("bootstrap over groups")).to_have_count(0)
