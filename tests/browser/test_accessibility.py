"""Find no violation of WCAG 2 A and AA with axe-core on any page, light and dark.

Of an empty and of a used workspace.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from lib.store.runs import Run
from tests.browser.conftest import Server
from tests.unit.projection.finished import evaluate_planted, finished_run

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
NOT_OURS = [
    # Streamlit writes a selected segment in the primary colour on a tint of it, and buttons in white on the same colour. No dark
    # primary reaches 4.5:1 in both (at most 4.2:1 on black); ours is chosen for the buttons.
    '[data-variant="segmented_control"] [data-testid="stMarkdownContainer"] p',
]
"""What cannot be changed from a theme: left out of the check, by selector."""

ATTEMPTS = 10


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Finish a run with map and evaluation."""
    new_run = finished_run(tmp_path_factory.mktemp("accessibility") / "workspace")
    evaluate_planted(new_run)
    return new_run


@pytest.fixture(params=["light", "dark"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open a fresh window in each theme."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1200}, color_scheme=request.param)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def violations(page: Page, address: str) -> list[str]:
    """Open a page, wait until it is drawn, and list what axe finds: rule, element, reason."""
    page.goto(address)
    expect(page.get_by_test_id("stMain")).to_contain_text("a")
    page.wait_for_timeout(1_000)  # sections come one after another
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=60_000)
    page.evaluate(AXE)
    for _ in range(ATTEMPTS):
        found = findings(page)
        if not found:
            break
        page.wait_for_timeout(1_000)  # Streamlit fades what a running script may still replace; a true finding stays
    return found


def findings(page: Page) -> list[str]:
    """Run axe on the page as it stands."""
    result = page.evaluate(
        "([rules, exclude]) => axe.run({exclude}, {runOnly: rules})", [RULES, [[one] for one in NOT_OURS]]
    )
    return [
        f"{one['id']} at {node['target']}: {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("path", ["", "upload", "train", "explore"])
def test_pages_of_an_empty_workspace(server: Server, page: Page, path: str) -> None:
    assert violations(page, f"{server.url}/{path}") == []


@pytest.mark.parametrize("path", ["", "upload", "train", "train?run={run}", "explore?run={run}"])
def test_pages_of_a_used_workspace(used: Server, page: Page, run: Run, path: str) -> None:
    assert violations(page, f"{used.url}/{path.format(run=run.id)}") == []
