"""What pandas, openpyxl and `datasets` write is read back cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import datasets
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.data.read.tables import read_table

NAMES = ["question", "answer", "topic"]
LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), exclude_characters="\ufeff\ufffe\uffff")
TEXT = st.text(LETTERS, min_size=1, max_size=25).filter(lambda text: text.strip() == text and text[0] not in "[{")
CELL = st.one_of(TEXT, st.builds("{}\n{}".format, TEXT, TEXT), st.builds('"{}", {}'.format, TEXT, TEXT))
ROWS = st.lists(st.tuples(CELL, CELL, TEXT), min_size=3, max_size=9)
FAST = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
Rows = list[tuple[str, ...]]


def frame(rows: Rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=NAMES)


def write_book(rows: Rows, path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    for row in [NAMES, *rows]:
        sheet.append(list(row))
    book.save(path)


def dataset(rows: Rows) -> datasets.Dataset:
    return datasets.Dataset.from_pandas(frame(rows))


WRITERS: dict[str, Callable[[Rows, Path], object]] = {
    "pandas, JSON": lambda rows, path: frame(rows).to_json(path, orient="records"),
    "pandas, JSON with escapes": lambda rows, path: frame(rows).to_json(
        path, orient="records", force_ascii=True, indent=2
    ),
    "pandas, JSON columns": lambda rows, path: frame(rows).to_json(path, orient="columns"),
    "pandas, JSON split": lambda rows, path: frame(rows).to_json(path, orient="split", index=False),
    "pandas, JSON table": lambda rows, path: frame(rows).to_json(path, orient="table", index=False),
    "pandas, JSON Lines": lambda rows, path: frame(rows).to_json(path, orient="records", lines=True),
    "pandas, Parquet": lambda rows, path: frame(rows).to_parquet(path, index=False),
    "pandas, Feather": lambda rows, path: frame(rows).to_feather(path),
    "pandas, CSV in gzip": lambda rows, path: frame(rows).to_csv(path, index=False, compression="gzip"),
    "pandas, CSV in a zip": lambda rows, path: frame(rows).to_csv(
        path, index=False, compression={"method": "zip", "archive_name": "data.csv"}
    ),
    "datasets, JSON Lines": lambda rows, path: dataset(rows).to_json(path),
    "datasets, Parquet": lambda rows, path: dataset(rows).to_parquet(path),
    "datasets, CSV": lambda rows, path: dataset(rows).to_csv(path),
}


@FAST
@given(rows=ROWS)
@pytest.mark.parametrize("name", WRITERS)
def test_what_was_written_is_read_back(tmp_path: Path, name: str, rows: Rows) -> None:
    path = tmp_path / "file"
    WRITERS[name](rows, path)
    table = read_table(path)
    assert list(table.frame.columns) == NAMES
    assert [tuple(row) for row in table.frame.to_numpy()] == rows


@settings(FAST, max_examples=3)
@given(rows=ROWS)
def test_a_saved_dataset_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: Rows) -> None:
    folder = tmp_path_factory.mktemp("saved")
    dataset(rows).save_to_disk(str(folder))
    assert [tuple(row) for row in read_table(folder).frame.to_numpy()] == rows


SHEET_TEXT = TEXT.filter(lambda text: text[0] not in "=" and "_x" not in text)
"""Excel keeps what begins with "=" as a formula, and writes control characters as _x000D_."""


@FAST
@given(rows=st.lists(st.tuples(SHEET_TEXT, SHEET_TEXT, SHEET_TEXT), min_size=3, max_size=9))
@pytest.mark.parametrize("name", ["openpyxl", "pandas"])
def test_a_written_workbook_is_read_back(tmp_path: Path, name: str, rows: Rows) -> None:
    path = tmp_path / "book.xlsx"
    if name == "openpyxl":
        write_book(rows, path)
    else:
        frame(rows).to_excel(path, index=False)
    assert [tuple(row) for row in read_table(path).frame.to_numpy()] == rows


NUMBERS = pd.DataFrame(
    {
        "text": ["a b", "c d", "e f"],
        "whole": [1, 20, 300],
        "score": [0.5, 0.85, 1.0],
        "single": pd.array([0.1, 0.85, 0.9], dtype="float32"),
        "missing": [1.0, None, 3.5],
        "kind": pd.Categorical(["x", "y", "x"]),
        "flag": [True, False, True],
        "day": pd.to_datetime(["2024-05-01", "2024-05-02", "2024-05-03"]),
    }
)
EXPECTED = {
    "text": ["a b", "c d", "e f"],
    "whole": ["1", "20", "300"],
    "score": ["0.5", "0.85", "1"],
    "single": ["0.1", "0.85", "0.9"],
    "missing": ["1", "", "3.5"],
    "kind": ["x", "y", "x"],
    "flag": ["1", "0", "1"],
}


@pytest.mark.parametrize("name", ["parquet", "feather", "excel", "arrow"])
def test_values_of_other_kinds_are_read_as_a_person_writes_them(tmp_path: Path, name: str) -> None:
    path = tmp_path / ("file.xlsx" if name == "excel" else "file")
    {
        "parquet": lambda: NUMBERS.to_parquet(path),
        "feather": lambda: NUMBERS.to_feather(path),
        "excel": lambda: NUMBERS.astype({"single": str}).astype({"single": float}).to_excel(path, index=False),
        "arrow": lambda: datasets.Dataset.from_pandas(NUMBERS).save_to_disk(str(path)),
    }[name]()
    found = read_table(path).frame
    assert {column: found[column].tolist() for column in EXPECTED} == EXPECTED
    assert [cell[:10] for cell in found["day"]] == ["2024-05-01", "2024-05-02", "2024-05-03"]


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
def test_every_json_of_pandas_is_read(tmp_path: Path, orient: str) -> None:
    names = ["kunde", "wir"]
    shown = pd.DataFrame([["a b", "c"], ["d", "e f"], ["g", "h"]], columns=names)
    shown.to_json(tmp_path / "x.json", orient=orient)  # type: ignore[call-overload]
    found = read_table(tmp_path / "x.json").frame
    assert found[names].to_numpy().tolist() == shown.to_numpy().tolist()
