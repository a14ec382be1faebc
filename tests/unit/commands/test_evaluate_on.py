"""evaluate --on: the run's columns by their role, folders too, and texts that were trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
import pytest

from lib.commands.evaluate import content_hash, map_as_run, read_frame, warn_of_trained_rows
from lib.data.columns.mapping import ColumnMapping
from lib.data.table import Table
from lib.errors import InputError
from lib.shapes import Shape

ROWS = 40
PAIRS = ColumnMapping(Shape.PAIRS, {"anchor": ("Question",), "positive": ("Answer",)}).to_json()
TRIPLETS = ColumnMapping(
    Shape.TRIPLETS, {"anchor": ("q",), "positive": ("good",), "negative": ("bad",), "negative_2": ("worse",)}
).to_json()
LABELLED = ColumnMapping(
    Shape.LABELLED_PAIRS, {"anchor": ("a",), "positive": ("b",), "label": ("verdict",)}, same=("nein",)
).to_json()
SCORED = ColumnMapping(
    Shape.SCORED, {"anchor": ("a",), "positive": ("b",), "score": ("mark",)}, scale=(6.0, 1.0)
).to_json()


def sentences(word: str) -> list[str]:
    """Make a text for each row."""
    return [f"{word} is what sentence number {at} is about" for at in range(ROWS)]


def table(**columns: list[str]) -> Table:
    """Make a table of columns, each repeated to all rows."""
    return Table.from_frame(pd.DataFrame({name: (cells * ROWS)[:ROWS] for name, cells in columns.items()}, dtype="str"))


@pytest.mark.parametrize(
    ("names", "anchor"),
    [
        (("Question", "Answer"), "Question"),
        (("Answer", "Question"), "Question"),
        (("ANSWER", "question"), "question"),
        (("answer ", "Question_"), "Question_"),
    ],
)
def test_columns_are_taken_by_the_runs_roles(
    names: tuple[str, str], anchor: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = map_as_run(table(**{name: sentences(name) for name in names}), Shape.PAIRS, PAIRS)
    assert mapping.roles["anchor"] == (anchor,)
    assert f"anchor = {anchor}" in capsys.readouterr().err


def test_a_run_of_answers_to_questions_keeps_its_direction(capsys: pytest.CaptureFixture[str]) -> None:
    turned = ColumnMapping(Shape.PAIRS, {"anchor": ("answer",), "positive": ("question",)}).to_json()
    mapping = map_as_run(table(question=sentences("q"), answer=sentences("a")), Shape.PAIRS, turned)
    assert mapping.roles == {"anchor": ("answer",), "positive": ("question",)}
    assert "as the run's" in capsys.readouterr().err


def test_a_missing_column_is_named_and_the_guess_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    mapping = map_as_run(table(document=sentences("d"), query=sentences("q")), Shape.PAIRS, PAIRS)
    assert mapping.roles == {"anchor": ("query",), "positive": ("document",)}
    printed = capsys.readouterr().err
    for words in ("anchor = query", "positive = document", "guessed", "“Question”", "“Answer”"):
        assert words in printed


@pytest.mark.parametrize("count", [1, 2])
def test_a_file_may_have_fewer_negatives(count: int) -> None:
    names = ("q", "good", "bad", "worse")[: 2 + count]
    mapping = map_as_run(table(**{name: sentences(name) for name in names}), Shape.TRIPLETS, TRIPLETS)
    assert [name for columns in mapping.roles.values() for name in columns] == list(names)


MEANINGS: dict[str, tuple[dict[str, Any], list[str], Shape, str]] = {
    "classes": (LABELLED, ["ja", "nein"], Shape.LABELLED_PAIRS, "same = nein"),
    "scale": (SCORED, ["1", "3", "6"], Shape.SCORED, "scale 6-1"),
}


@pytest.mark.parametrize("name", MEANINGS)
def test_score_and_class_mean_what_they_meant_in_training(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    stored, values, shape, words = MEANINGS[name]
    column = stored["roles"][{"classes": "label", "scale": "score"}[name]][0]
    mapping = map_as_run(table(a=sentences("a"), b=sentences("b"), **{column: values}), shape, stored)
    assert (mapping.same, mapping.scale) == (tuple(stored["same"]), tuple(stored["scale"]))
    assert words in capsys.readouterr().err


def test_a_folder_of_datasets_is_read(tmp_path: Path) -> None:
    columns = {"Question": sentences("q"), "Answer": sentences("a")}
    datasets.Dataset(pa.table(columns)).save_to_disk(str(tmp_path / "saved"))
    frame = read_frame(tmp_path / "saved", Shape.PAIRS, PAIRS)
    assert frame["anchor"].tolist() == columns["Question"]
    assert set(frame["part"]) == {"held_out"}


def test_the_mark_of_a_file_is_that_of_its_content(tmp_path: Path) -> None:
    for folder, files in (("one", "a"), ("two", "ab"), ("other", "ab")):
        for at, name in enumerate(files):
            path = tmp_path / folder / f"{name}.csv"
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"question,answer\nq{at},a\n")
    marks = {name: content_hash(tmp_path / name) for name in ("one", "one/a.csv", "two", "other")}
    assert marks["one"] == marks["one/a.csv"]
    assert marks["two"] == marks["other"] != marks["one"]
    assert all(len(mark) == 12 for mark in marks.values())


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_frame(tmp_path / "none", Shape.PAIRS, PAIRS)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("rows", "words"), [(8, ("8 of the 20 rows", "16 of its 40 texts")), (0, ())])
def test_trained_texts_are_found_on_either_side(turned: bool, rows: int, words: tuple[str, ...]) -> None:
    known = pd.DataFrame(
        {"anchor": [f"Q {at}" for at in range(10)], "positive": [f"A {at}" for at in range(10)], "part": "train"}
    )
    known.loc[8:, "part"] = "held_out"
    start = 0 if rows else 8
    sides = [f"q  {at}" for at in range(start, start + 20)], [f"a {at}" for at in range(start, start + 20)]
    given = pd.DataFrame(dict(zip(("positive", "anchor") if turned else ("anchor", "positive"), sides, strict=True)))
    found = warn_of_trained_rows(given, known, Shape.PAIRS)
    assert [warning.name for warning in found] == (["Seen in training"] if rows else [])
    assert all(part in found[0].text for part in words)
