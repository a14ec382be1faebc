"""170 hostile texts on every page and in every export, in a real browser: none runs, links or calls."""

from __future__ import annotations

import csv
import io
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from lib.jobs.events import EventWriter
from lib.jobs.locks import kill_worker
from lib.projection.run import draw_map
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.uploads import Upload, store_upload
from lib.store.workspace import Workspace, open_workspace
from tests.browser.conftest import Server
from tests.hostile import hostile_texts
from tests.unit.projection.finished import add_finished_run, evaluate_planted, write, write_snapshots
from tests.unit.projection.planted import world

NAME_CHARACTERS = 200


@dataclass
class Canary:
    """A server whose address stands in the texts; it notes every request."""

    address: str
    requests: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Planted:
    """A workspace whose every text is hostile."""

    server: Server
    texts: list[str]
    pairs: Run
    labelled: Run
    failed: Run
    queued: Run
    upload: Upload


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    """Start a server that listens for what a text makes the browser, or Closer, fetch."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.requests.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_HEAD = do_OPTIONS = do_GET

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard = Canary(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield heard
    listener.shutdown()


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, canary: Canary) -> Iterator[Planted]:
    """Run a server over that workspace."""
    home = tmp_path_factory.mktemp("hostile") / "workspace"
    workspace, texts = open_workspace(home), hostile_texts(canary.address)
    pairs, labelled = plant_pairs(workspace, texts), plant_labelled(workspace, texts)
    upload = store_upload(home, [(f"{texts[0]}.csv", upload_file(texts)), (texts[3], upload_file(texts))])
    failed, queued = plant_others(workspace, pairs, texts)
    server = Server(home)
    try:
        server.start()
        yield Planted(server, texts, pairs, labelled, failed, queued, upload)
    finally:
        server.stop()
        kill_worker(home)


def plant_pairs(workspace: Workspace, texts: list[str]) -> Run:
    """Make an evaluated run with a map, all of its texts, groups and the log's lines hostile."""
    base, ends = world(pairs=len(texts))
    frame = pd.DataFrame(
        {
            "line": np.arange(len(texts)) + 2,
            "part": np.array(["held_out", "train", "held_out", "validation"])[np.arange(len(texts)) % 4],
            "component": np.arange(len(texts)),
            "anchor": texts,
            "positive": [f"{text} answer {number}" for number, text in enumerate(texts)],
            "group": texts,
        }
    )
    dataset, run = add_finished_run(workspace, frame, Shape.PAIRS)
    write_snapshots(run, frame, base, ends, count=3)
    draw_map(run, dataset, home=workspace.home)
    evaluate_planted(run)
    writer = EventWriter(run.paths.events)
    for number, text in enumerate(texts):
        writer.log(text, level="warning" if number % 2 else "info")
    workspace.datasets.rename(dataset.id, " ".join(texts[:4])[:NAME_CHARACTERS])
    workspace.datasets.annotate(dataset.id, "\n".join(texts))
    workspace.runs.rename(run.id, " ".join(texts[50:58])[:NAME_CHARACTERS])
    workspace.runs.annotate(run.id, " ".join(texts))
    return run


def plant_labelled(workspace: Workspace, texts: list[str]) -> Run:
    """Make a run with a map whose class names are hostile."""
    classes = [text[:300] for text in texts if text.strip()][:60]
    base, _ = world(pairs=len(classes))
    frame = pd.DataFrame(
        {
            "line": np.arange(len(base)) + 2,
            "part": np.where(np.arange(len(base)) % 4, "train", "held_out"),
            "component": np.arange(len(base)),
            "text": [f"{number} {classes[number % len(classes)]}" for number in range(len(base))],
            "label": [classes[number % len(classes)] for number in range(len(base))],
        }
    )
    dataset, run = add_finished_run(workspace, frame, Shape.LABELLED_TEXTS)
    write(run, frame["text"].tolist(), [("base", base), ("best", base)])
    draw_map(run, dataset, home=workspace.home)
    workspace.runs.rename(run.id, " ".join(texts[58:64])[:NAME_CHARACTERS])
    return run


def plant_others(workspace: Workspace, like: Run, texts: list[str]) -> tuple[Run, Run]:
    """Make a run that failed for hostile reasons, and a queued one; their models' names are hostile too."""
    made = [
        workspace.runs.create(
            dataset=like.dataset, model=" ".join(texts[at : at + 5])[:150], recipe=like.recipe, name=f"{at} {texts[at]}"
        )
        for at in (52, 56)
    ]
    for run, at in zip(made, (64, 53), strict=True):
        workspace.runs.rename(run.id, " ".join(texts[at : at + 4])[:NAME_CHARACTERS])
    job = workspace.jobs.claim(made[0].job)
    assert job is not None
    workspace.jobs.finish(job, "failed", " ".join(texts))
    return workspace.runs.get(made[0].id), workspace.runs.get(made[1].id)


def upload_file(texts: list[str]) -> io.BytesIO:
    """Write a CSV with hostile columns and cells."""
    written = [text for text in texts if "\x00" not in text]
    buffer = io.StringIO(newline="")
    table = csv.writer(buffer)
    table.writerow([f"source {written[4]}", f"target {written[50]}", f"group {written[54]}", written[100]])
    table.writerows([f"{text} {n}", f"{text} answer {n}", text, "train"] for n, text in enumerate(written))
    return io.BytesIO(buffer.getvalue().encode())


@pytest.fixture
def page(chromium: Browser, planted: Planted) -> Iterator[Page]:
    """Open a window that notes each foreign request and each dialog, and lets none pass."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(30_000)
    calls: list[str] = []

    def guard(route: Route) -> None:
        address = urlsplit(route.request.url)
        own = address.scheme in ("data", "blob", "file") or address.netloc == urlsplit(planted.server.url).netloc
        if own:
            route.continue_()
        else:
            calls.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    window = context.new_page()
    window.on("dialog", lambda dialog: (calls.append(f"dialog {dialog.message}"), dialog.dismiss()))
    context.on("page", lambda opened: calls.append(f"window {opened.url}"))
    yield window
    context.close()
    assert calls == []


def settle(page: Page) -> None:
    """Wait until the page stands."""
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    page.wait_for_timeout(500)


def assert_harmless(page: Page, own: str) -> None:
    """Check that no text became a link, an element or code."""
    links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    assert [link for link in links if not link.startswith(f"{own}/")] == []
    assert page.evaluate("window.ran") is None
    bad = "iframe[srcdoc], object, embed, base, meta[http-equiv=refresh], marquee, form[action], [onerror], [onload], [onclick]"
    assert page.locator(bad).count() == 0
    sources = page.eval_on_selector_all("img, video, audio, source, image", "all => all.map(one => one.src || '')")
    assert [one for one in sources if one and not one.startswith((f"{own}/", "data:"))] == []
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.get_by_text("Something went wrong here").count() == 0


def addresses(planted: Planted) -> dict[str, str]:
    """List the addresses to open, by what they show."""
    error = quote(" ".join(planted.texts[50:58]))
    return {
        "overview": "/",
        "upload": f"/upload?upload={planted.upload.id}",
        "unknown upload": f"/upload?upload={error}",
        "train, failed": f"/train?run={planted.failed.id}",
        "train, succeeded": f"/train?run={planted.pairs.id}",
        "train, unknown": f"/train?run={error}&dataset={error}&model={error}",
        "explore, unknown": f"/explore?run={error}",
        "explore, labelled": f"/explore?run={planted.labelled.id}",
        "explore, words": f"/explore?run={planted.pairs.id}&pair=0,2&find={quote('<')}",
        "explore, side by side": f"/explore?run={planted.pairs.id}&pair=0,2&view=side",
    }


@pytest.mark.parametrize(
    "name",
    [
        "overview",
        "upload",
        "unknown upload",
        "train, failed",
        "train, succeeded",
        "train, unknown",
        "explore, unknown",
        "explore, labelled",
        "explore, words",
        "explore, side by side",
    ],
)
def test_no_text_runs_links_or_calls_out(page: Page, planted: Planted, canary: Canary, name: str) -> None:
    page.goto(f"{planted.server.url}{addresses(planted)[name]}")
    expect(page.get_by_test_id("stMain").locator("h1, h2, h3, [data-testid=stAlert]").first).to_be_visible(
        timeout=60_000
    )
    settle(page)
    page.evaluate("document.querySelectorAll('details:not([open]) > summary').forEach(one => one.click())")
    settle(page)
    assert_harmless(page, planted.server.url)
    assert canary.requests == []


def test_a_notice_holds_no_link_but_its_own(page: Page, planted: Planted, canary: Canary) -> None:
    workspace = open_workspace(planted.server.home)
    run = workspace.runs.create(dataset=planted.pairs.dataset, model="planted/model", recipe=planted.pairs.recipe)
    workspace.runs.rename(run.id, " ".join(planted.texts[53:58])[:NAME_CHARACTERS])
    page.goto(f"{planted.server.url}/")
    settle(page)
    workspace.jobs.cancel(run.job)
    expect(page.get_by_test_id("stToast").first).to_be_visible(timeout=60_000)
    links = page.get_by_test_id("stToast").locator("a").evaluate_all("all => all.map(one => one.href)")
    assert all(link.startswith(f"{planted.server.url}/") for link in links)
    assert_harmless(page, planted.server.url)
    assert canary.requests == []


def test_what_a_search_finds_is_text(page: Page, planted: Planted, canary: Canary) -> None:
    page.goto(f"{planted.server.url}/explore?run={planted.pairs.id}")
    answers = page.locator(".rankings")
    expect(answers).to_contain_text("answer", timeout=60_000)
    shown = set()
    for _ in range(3):
        page.get_by_role("button", name="Surprise me").click()
        settle(page)
        shown.add(answers.inner_text())
        assert_harmless(page, planted.server.url)
    assert len(shown) > 1
    held_out = [text for text in planted.texts[::4] if "fetch(" in text]
    page.get_by_placeholder("Search the targets").fill(held_out[0])
    page.keyboard.press("Enter")
    page.get_by_test_id("stCheckbox").filter(has_text="BM25").locator("label").first.click()
    expect(answers).to_contain_text("BM25", timeout=60_000)
    expect(answers).to_contain_text(held_out[0])
    settle(page)
    assert_harmless(page, planted.server.url)
    assert canary.requests == []


def test_the_exports_of_the_map_open_and_do_nothing(
    page: Page, planted: Planted, canary: Canary, tmp_path: Path
) -> None:
    page.goto(f"{planted.server.url}/explore?run={planted.pairs.id}")
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    page.get_by_test_id("stPopover").get_by_role("button", name=re.compile("Download")).first.click()
    for label, name in (("Map (SVG)", "map.svg"), ("Animated map (HTML)", "map.html")):
        with page.expect_download() as download:
            page.get_by_role("button", name=label).click()
        download.value.save_as(tmp_path / name)
    ET.parse(tmp_path / "map.svg")
    for name in ("map.svg", "map.html"):
        page.goto((tmp_path / name).as_uri())
        page.wait_for_timeout(1_500)
        assert page.evaluate("window.ran") is None
        assert page.locator("foreignObject, parsererror, a[href^=http]").count() == 0
    assert canary.requests == []


def test_a_report_opens_and_does_nothing(page: Page, planted: Planted, canary: Canary, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    page.goto(f"{planted.server.url}/explore?run={planted.pairs.id}")
    page.get_by_role("button", name="Report", exact=True).click()
    expect(
        page.get_by_role("button", name="Evaluation for other tools (zip)")
    ).to_be_disabled()  # no vectors are cached
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    download.value.save_as(file)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(file.as_uri())
    expect(page.locator(".map .main-svg").first).to_be_visible(timeout=60_000)
    page.locator("body").click()
    assert page.evaluate("window.ran") is None
    own = "a[href], img, iframe, object, embed, base, form, video, audio, foreignObject"
    assert page.eval_on_selector_all(own, "all => all.map(one => one.outerHTML.slice(0, 200))") == []
    assert page.locator(".examples, .pairs").count() == 3
    assert problems == []
    assert canary.requests == []


def test_the_csv_of_a_table_is_safe_until_exact_texts_are_asked_for(
    page: Page, planted: Planted, tmp_path: Path
) -> None:
    page.goto(f"{planted.server.url}/explore?run={planted.pairs.id}")
    page.get_by_text("All pairs", exact=False).first.click()
    settle(page)
    cells = [cell for row in csv_of(page, "Download table", tmp_path / "safe.csv") for cell in row]
    assert not [cell for cell in cells if re.match(r"\s*[=+@]|[\t\r]", cell)]
    expect(page.locator("button[aria-label='Download as CSV']")).to_have_count(0)
    page.get_by_test_id("stCheckbox").filter(has_text="Exact texts").last.locator("label").first.click()
    formulas = {text for text in planted.texts[::2] if text.startswith("=")}
    for _ in range(20):  # the button is drawn again once the server knows of the choice
        exact = {cell for row in csv_of(page, "Download table", tmp_path / "exact.csv") for cell in row}
        if formulas <= exact:
            break
        page.wait_for_timeout(500)
    assert formulas
    assert formulas <= exact


def test_the_csv_of_the_runs_is_safe(page: Page, planted: Planted, tmp_path: Path) -> None:
    page.goto(f"{planted.server.url}/")
    settle(page)
    rows = csv_of(page, "Download table", tmp_path / "runs.csv")
    assert len(rows) > 3
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@]|[\t\r]", cell)]


def test_the_files_of_a_dataset_are_safe_or_exact(page: Page, planted: Planted, tmp_path: Path) -> None:
    page.goto(f"{planted.server.url}/upload")
    expect(page.get_by_role("heading", name="Upload a file")).to_be_visible(timeout=60_000)
    settle(page)
    page.get_by_role("button", name="More").last.click()
    rows = csv_of(page, "Download as CSV", tmp_path / "dataset.csv")
    assert len(rows) > 50
    assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@]|[\t\r]", cell)]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as Parquet").last.click()
    download.value.save_as(tmp_path / "dataset.parquet")
    cells = set(pd.read_parquet(tmp_path / "dataset.parquet").astype(str).to_numpy().ravel())
    assert len(cells & set(planted.texts)) > 50


def csv_of(page: Page, label: str, path: Path) -> list[list[str]]:
    """Download a table and read it."""
    with page.expect_download() as download:
        page.get_by_role("button", name=label).last.click()
    download.value.save_as(path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_the_log_holds_no_text_that_runs(planted: Planted) -> None:
    log = planted.server.home / "logs" / "server.log"
    assert not log.exists() or "Traceback" not in log.read_text(encoding="utf-8")
