"""The whole way as a new user walks it, with the real model: by the sample, and by an own file."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect
from sentence_transformers import SentenceTransformer

from lib.data.samples.registry import SUPPORT_DESK_FILE
from lib.evaluation.store import load_evaluation
from lib.experiments.base_comparison import load_base_comparison
from lib.experiments.exported_form import list_exported_forms
from lib.models.forms.form import Form
from lib.models.forms.onnx_encoder import OnnxEncoder
from lib.settings import BUNDLED_MODEL
from lib.store.check import check
from lib.store.runs import Run
from lib.store.unarchive import open_archive
from lib.store.workspace import open_workspace
from lib.ui.explore.usage import run_snippets
from tests.browser.conftest import Server, standing
from tests.conftest import REAL_DATA

PAGES = ("", "upload", "train", "explore")
TRAINED = 420_000
"""Milliseconds that a training of some hundred pairs, its evaluation and its map may take on a busy machine."""

LEFT, RIGHT = "my scanner shows K-17", "put the Kestrel on its perch"


def test_the_sample_leads_to_a_better_model_and_its_map(server: Server, window: Page, tmp_path: Path) -> None:
    window.goto(server.url)
    window.get_by_role("button", name="Try the sample, end to end").click()
    expect(window).to_have_url(re.compile(r"/train\?run="), timeout=60_000)
    expect(window.get_by_text("Support desk, all-MiniLM-L6-v2").first).to_be_visible()
    expect(window).to_have_url(re.compile(r"/explore\?run="), timeout=TRAINED)
    expect(window.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    (run,) = open_workspace(server.home).runs.all()
    found = load_evaluation(run)
    assert found is not None
    assert found.metrics["recall@1"].tuned > found.metrics["recall@1"].base
    expect(window.get_by_text("held-out", exact=False).first).to_be_visible()
    slides(window)
    chooses_a_pair(window)
    compares_two_sentences(window, run.model_dir)
    searches(window)
    runs_the_python_lines(run_snippets(run)[0].code)
    stays_light(server, window)
    gives_the_model_as_a_zip(server, run.id, run.model_dir)
    embeds_a_file(server, window, run.model_dir)
    exports_another_form(server, window, run, tmp_path)
    opens_in_another_workspace(server, run, tmp_path)
    refuses_foreign_hosts(server, run.id)


def slides(window: Page) -> None:
    """Move the map's slider to its end: the last snapshot is shown, and the server is not asked."""
    handle = window.locator(".slider-grip-rect").first
    label = window.locator(".slider-current-value, .slider-label").first
    expect(handle).to_be_attached()
    window.locator(".js-plotly-plot").first.scroll_into_view_if_needed()
    last = window.evaluate(LAST)
    window.wait_for_function(f"() => {ACTIVE} === {last}")  # once it is in sight, it plays to the last snapshot
    for share, step in ((0, 0), (1, last)):
        box = standing(window.locator(".slider-rail-touch-rect").first)
        window.mouse.click(box["x"] + 3 + share * (box["width"] - 6), box["y"] + box["height"] / 2)
        window.wait_for_function(f"() => {ACTIVE} === {step}")
    expect(label).to_be_attached()
    assert last > 0


SLIDER = "[...document.querySelectorAll('.js-plotly-plot')].map(p => p._fullLayout.sliders[0]).find(one => one)"
ACTIVE, LAST = f"{SLIDER}.active", f"{SLIDER}.steps.length - 1"


def chooses_a_pair(window: Page) -> None:
    """Choose the first row of the pair table: its texts open below."""
    opened = window.get_by_text("Explain the similarity of these two texts")
    expect(opened).to_have_count(0)
    window.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
    table = (
        window.get_by_test_id("stDataFrame").filter(has=window.locator('[aria-label*="Held-out pairs: texts"]')).first
    )
    box = standing(table)
    window.mouse.click(box["x"] + 12, box["y"] + 54)  # the first row's tick: the table is drawn on a canvas
    expect(opened).to_be_visible()


def compares_two_sentences(window: Page, folder: Path) -> None:
    """Ask the page for a cosine and compare it with that of the saved model.

    The model is loaded here with plain sentence-transformers.
    """
    window.get_by_label("First sentence").fill(LEFT)
    window.get_by_label("Second sentence").fill(RIGHT)
    window.get_by_role("button", name="Compare", exact=True).click()
    card = window.get_by_test_id("stMetric").filter(has_text="Tuned cosine")
    expect(card).to_be_visible(timeout=90_000)
    shown = float(card.get_by_test_id("stMetricValue").inner_text().replace("−", "-"))
    model = SentenceTransformer(str(folder), device="cpu")
    left, right = model.encode_query(LEFT), model.encode_document(RIGHT)  # with its prompts, where it has some
    cosine = float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))
    assert abs(shown - cosine) < 0.0015  # three digits are shown; the page may compute in packed batches


def searches(window: Page) -> None:
    """Ask a question of one's own: base, tuned and BM25 answer side by side."""
    box = window.get_by_role("textbox", name="Search the targets")
    box.fill(LEFT)
    box.press("Enter")
    expect(window.get_by_text("The dataset knows no answer to it.")).to_be_visible(timeout=120_000)
    window.get_by_text("BM25", exact=True).click()
    words = window.locator(".rankings").get_by_role("list", name="BM25").get_by_role("listitem")
    expect(words.first).to_contain_text("K-17", timeout=120_000)


def runs_the_python_lines(code: str) -> None:
    """Run the lines that the page shows, as they stand, from another folder."""
    done = subprocess.run([sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "tensor" in done.stdout


def stays_light(server: Server, window: Page) -> None:
    """Open every page and ask the live server what it has imported."""
    for page in PAGES:
        window.goto(f"{server.url}/{page}")
        expect(window.get_by_test_id("stMain")).to_contain_text(re.compile(r"\w+"))
        window.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget]')")
        expect(window.get_by_text("Something went wrong")).to_have_count(0)
    assert server.heavy_modules() == []


def gives_the_model_as_a_zip(server: Server, run: str, folder: Path) -> None:
    """Download the model: every file of the folder, byte for byte."""
    archive = zipfile.ZipFile(io.BytesIO(server.get(f"/download/{run}/model.zip")))
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {name.removeprefix(f"{folder.name}/"): archive.read(name) for name in archive.namelist()} == files


def embeds_a_file(server: Server, window: Page, folder: Path) -> None:
    """Embed a file on the page: the downloaded rows have the vectors of the saved model, loaded here."""
    texts = ["put the Kestrel on its perch", "my scanner shows K-17"]
    rows = "id,answer\n" + "".join(f"{number},{text}\n" for number, text in enumerate(texts))
    window.get_by_role("tab", name="Embed a file").click()
    chosen = {"name": "answers.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    window.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(chosen)  # type: ignore[arg-type]
    window.get_by_role("button", name="Embed 2 rows").click(timeout=60_000)
    vectors = window.locator("a[href*='/vectors/']")
    expect(vectors).to_be_visible(timeout=120_000)
    table = pd.read_parquet(io.BytesIO(server.get(str(vectors.get_attribute("href")))))
    assert table["id"].astype(str).tolist() == ["0", "1"]
    expected = SentenceTransformer(str(folder), device="cpu").encode_document(texts)
    cosines = (np.stack(table["vector"].to_list()) * expected).sum(axis=1)
    assert np.allclose(cosines, 1, atol=1e-3)  # the page may compute in bf16


def exports_another_form(server: Server, window: Page, run: Run, folder: Path) -> None:
    """Export int8 on the page: its price is shown, and the download gives nearly the tuned model's cosine."""
    window.get_by_role("tab", name="Other forms").click()
    for title in ("Fewer dimensions", "Static", "ONNX", "OpenVINO, int8"):
        window.get_by_test_id("stButtonGroup").get_by_role("button", name=title, exact=True).click()
    window.get_by_role("button", name="Export 1 form").click()
    link = window.locator("a[href*='/exports/']")
    expect(link).to_be_visible(timeout=TRAINED)
    (form,) = list_exported_forms(run)
    assert form.form is Form.ONNX_INT8
    price = form.metrics["recall@1"]
    assert price.low <= price.difference <= price.high
    zipfile.ZipFile(io.BytesIO(server.get(str(link.get_attribute("href"))))).extractall(folder)
    exported = OnnxEncoder(next(path.parent.parent for path in folder.rglob("*.onnx")), threads=1)
    left, right = exported.encode([LEFT, RIGHT])
    model = SentenceTransformer(str(run.model_dir), device="cpu")
    assert abs(left @ right - float(np.dot(*model.encode([LEFT, RIGHT])))) < 0.05


def opens_in_another_workspace(server: Server, run: Run, folder: Path) -> None:
    """Download the run as one file and open it elsewhere: the same verdict, whole."""
    with urllib.request.urlopen(f"{server.url}/download/{run.id}/run.zip", timeout=60) as answer:
        (folder / "run.zip").write_bytes(answer.read())
    other = open_workspace(folder / "other")
    opened = open_archive(other, folder / "run.zip")
    assert isinstance(opened, Run)
    assert load_evaluation(opened) == load_evaluation(run)
    assert check(other) == []


def refuses_foreign_hosts(server: Server, run: str) -> None:
    """A page elsewhere whose name points to this machine gets nothing, from our own routes either."""
    for path in ("/health", f"/download/{run}/model.zip"):
        request = urllib.request.Request(server.url + path, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=5)
        assert refused.value.code == 403


def own_file(folder: Path, *, rows: int = 240) -> Path:
    """Write a CSV of pairs: of a real dataset where there is one, else of the sample's table."""
    real = REAL_DATA / "tldr_en" / "data.csv"
    source = real if real.exists() else SUPPORT_DESK_FILE
    with source.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[: rows + 1]
    path = folder / "pairs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    return path


def test_a_file_of_ones_own_through_two_windows_a_reload_and_a_restart(
    server: Server, window: Page, chromium: Browser, tmp_path: Path, tiny_model: Path
) -> None:
    uploads(server, window, own_file(tmp_path))
    window.get_by_role("button", name="Train on this dataset").click()
    expect(window).to_have_url(re.compile(r"/train\?dataset="))
    compares_three_bases(server, window, [tiny_model, Path(shutil.copytree(tiny_model, tmp_path / "e5-small"))])
    trains_the_best_for_one_epoch_with_prompts(window)
    (run,) = open_workspace(server.home).runs.all()
    address = f"{server.url}/train?run={run.id}"
    other = chromium.new_context().new_page()
    other.goto(address)
    expect(other.get_by_text(run.name).first).to_be_visible(timeout=30_000)
    window.reload()
    expect(window.get_by_text(run.name).first).to_be_visible(timeout=30_000)
    server.stop()
    server.start()
    for one in (window, other):
        one.goto(address)
        expect(one.get_by_role("button", name="Explore").last).to_be_visible(timeout=TRAINED)
        expect(one.get_by_test_id("stMain")).to_contain_text("Finished")
    done = open_workspace(server.home).runs.get(run.id)
    assert (done.state, done.recipe.epochs) == ("succeeded", 1)
    assert len(open_workspace(server.home).jobs.all(kind="train")) == 1
    window.get_by_role("button", name="Explore").last.click()
    expect(window.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    holds_the_prompts(done.model_dir)
    compares_two_sentences(window, done.model_dir)
    other.context.close()


def uploads(server: Server, window: Page, file: Path) -> None:
    """Upload a file, save it as a dataset and wait until it is there.

    Whoever leaves before has saved nothing.
    """
    window.goto(f"{server.url}/upload")
    window.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(str(file))
    save = window.get_by_role("button", name="Save dataset")
    expect(save).to_be_enabled(timeout=60_000)
    save.click()
    expect(window.get_by_role("button", name="Train on this dataset")).to_be_visible(timeout=60_000)


PROMPTS = {"query": "query: ", "document": "passage: "}


def sets_prompts(window: Page) -> None:
    """Set a prompt for each role by hand: the first examples are shown as the model reads them."""
    window.get_by_text("What the model reads", exact=True).click()
    window.get_by_text("Set prompts by hand", exact=True).click()
    for role, prompt in PROMPTS.items():
        field = window.get_by_label(f"{role.capitalize()} prompt", exact=True)
        field.fill(prompt)
        field.press("Tab")
        expect(window.get_by_test_id("stCode").filter(has_text=prompt).first).to_be_visible()


def holds_the_prompts(folder: Path) -> None:
    """Find the prompts in the saved model, as sentence-transformers takes them."""
    stored = json.loads((folder / "config_sentence_transformers.json").read_text(encoding="utf-8"))
    assert {role: stored["prompts"][role] for role in PROMPTS} == PROMPTS
    model = SentenceTransformer(str(folder), device="cpu")
    for encode, prompt in ((model.encode_query, "query: "), (model.encode_document, "passage: ")):
        assert np.allclose(encode(LEFT), model.encode(prompt + LEFT), atol=1e-5)


def compares_three_bases(server: Server, window: Page, folders: list[Path]) -> None:
    """Choose the bundled model and two folders, and see them compared on validation pairs, with BM25.

    The table is still there after a reload.
    """
    box = window.get_by_role("combobox", name=re.compile("^Base models"))
    for count, folder in enumerate(folders, start=2):
        box.fill(str(folder))
        window.get_by_role("option").filter(has_text=str(folder)).click()
        window.keyboard.press("Escape")
        expect(window.get_by_role("button", name=f"Start {count} trainings")).to_be_visible()
    window.get_by_text("Which base model?").click()
    window.get_by_role("button", name="Compare 3 base models").click()
    best = window.get_by_role("button", name="Train the best: all-MiniLM-L6-v2")
    expect(best).to_be_visible(timeout=TRAINED)
    window.reload()
    expect(best).to_be_visible(timeout=60_000)
    table = window.get_by_test_id("stDataFrame").filter(has=window.locator('[aria-label*="Base models on validation"]'))
    expect(table.first).to_contain_text("BM25")
    (dataset,) = open_workspace(server.home).datasets.all()
    found = load_base_comparison(server.home, dataset.id)
    assert found is not None
    assert {base.model for base in found.bases} == {BUNDLED_MODEL, *map(str, folders)}
    assert found.words["mrr@10"].value > 0


def trains_the_best_for_one_epoch_with_prompts(window: Page) -> None:
    """Set one epoch and prompts, and press the button of the best base twice, as an impatient person does."""
    epochs = window.get_by_label("Epochs", exact=True)
    epochs.fill("1")
    epochs.press("Tab")
    expect(window.get_by_text(re.compile(r"^1 × \d+ = \d+ steps"))).to_be_visible()
    sets_prompts(window)
    window.get_by_role("button", name="Train the best: all-MiniLM-L6-v2").dblclick()
    expect(window).to_have_url(re.compile(r"/train\?.*run="))
