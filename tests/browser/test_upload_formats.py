"""Files as people bring them go in through the page: a collection, a cover sheet, a title, a column of grades."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from lib.shapes import Shape
from lib.store.workspace import open_workspace
from tests.browser.conftest import Server
from tests.unit.data.read.dataset_cases import BEIR, ROWS, answer, question, zipped
from tests.unit.data.read.odd_files import workbook


def test_a_collection_becomes_pairs_from_a_zip_and_from_its_files(server: Server, window: Page, tmp_path: Path) -> None:
    parts = {"scifact/" + name: data for name, data in BEIR.items()} | {"scifact/README.md": b"# About"}
    (tmp_path / "scifact.zip").write_bytes(zipped(parts))
    for name, data in BEIR.items():
        (tmp_path / name).write_bytes(data)
    alone_says_what_is_missing(server, window, tmp_path / "corpus.jsonl")
    saves(server, window, [tmp_path / "scifact.zip"], says=("BEIR", "scifact/README.md"))
    (dataset,) = open_workspace(server.home).datasets.all()
    assert dataset.shape == Shape.PAIRS
    assert sorted(dataset.frame()["anchor"]) == sorted(question(n) for n in range(ROWS))
    assert sorted(dataset.frame()["positive"]) == sorted(answer(n) for n in range(ROWS))
    saves(server, window, [tmp_path / name for name in BEIR], says=("BEIR",))
    assert len(open_workspace(server.home).datasets.all()) == 1  # the same examples are the same dataset


def test_a_workbook_with_a_cover_and_a_skipped_title_is_read_from_its_table(
    server: Server, window: Page, tmp_path: Path
) -> None:
    rows: list[list[object]] = [[question(n), answer(n)] for n in range(ROWS)]
    data = workbook(
        {"About": [["Our questions"], ["of May"]], "Data": [["Service desk"], [], ["question", "answer"], *rows]}
    )
    (tmp_path / "desk.xlsx").write_bytes(data)
    saves(server, window, [tmp_path / "desk.xlsx"], says=("Read the sheet “Data”", "Skipped 1 row above the table"))
    dataset = open_workspace(server.home).datasets.all()[0]
    assert sorted(dataset.frame()["anchor"]) == sorted(question(n) for n in range(ROWS))


def test_a_sheet_that_cannot_be_read_leaves_the_choice_of_another(server: Server, window: Page, tmp_path: Path) -> None:
    (tmp_path / "desk.xlsx").write_bytes(workbook({"One": [["only"], ["a"]], "Two": [["lonely"], ["b"]]}))
    chooses(server, window, [tmp_path / "desk.xlsx"])
    expect(window.get_by_test_id("stAlert").first).to_contain_text("only one column", timeout=60_000)
    expect(window.get_by_label("Sheet", exact=False).first).to_be_visible()


def test_a_grade_beside_two_texts_is_no_positive_pair(server: Server, window: Page, tmp_path: Path) -> None:
    rows = "".join(f"{question(n)},{answer(n)},{n % 4}\n" for n in range(ROWS))
    (tmp_path / "graded.csv").write_text(f"query,document,grade\n{rows}", encoding="utf-8")
    saves(server, window, [tmp_path / "graded.csv"], says=())
    assert open_workspace(server.home).datasets.all()[0].shape in (Shape.SCORED, Shape.LABELLED_PAIRS)


def chooses(server: Server, window: Page, files: list[Path]) -> None:
    """Bring files to the upload page."""
    window.goto(f"{server.url}/upload")
    window.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(list(map(str, files)))


def alone_says_what_is_missing(server: Server, window: Page, file: Path) -> None:
    """Bring one of the three files: the page names the others and offers no dataset."""
    chooses(server, window, [file])
    alert = window.get_by_test_id("stAlert").first
    expect(alert).to_contain_text("queries.jsonl", timeout=60_000)
    expect(alert).to_contain_text("qrels")
    expect(window.get_by_role("button", name="Save dataset")).to_have_count(0)


def saves(server: Server, window: Page, files: list[Path], *, says: tuple[str, ...]) -> None:
    """Bring files, see what they were recognised as, and save them."""
    chooses(server, window, files)
    save = window.get_by_role("button", name="Save dataset")
    expect(save).to_be_enabled(timeout=60_000)
    for words in says:
        expect(window.get_by_text(words).first).to_be_visible()
    save.click()
    expect(window.get_by_role("button", name="Train on this dataset")).to_be_visible(timeout=60_000)
