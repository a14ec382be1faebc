"""Nested columns never refuse a file: lists of texts are unpacked, the rest is left out and named."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from lib.data.read.nested import MAX_LIST_COLUMNS, flatten_columns
from lib.data.read.tables import read_table
from lib.data.table import NoteKind, Table
from tests.unit.data.read.odd_files import arrow_bytes, jsonl, parquet_bytes

COLUMNS: dict[str, tuple[list[object], NoteKind, int]] = {
    "objects": ([{"text": ["a"], "start": [3]}, {"text": [], "start": []}], NoteKind.COLUMNS, 0),
    "numbers": ([[0.1, 0.2], [0.3, 0.4]], NoteKind.COLUMNS, 0),
    "spans": ([[{"start": 1}], [{"start": 2}]], NoteKind.COLUMNS, 0),
    "matrices": ([[[1], [2]], [[3], [4]]], NoteKind.COLUMNS, 0),
    "texts": ([["a", "b"], ["c"]], NoteKind.UNPACKED, 2),
    "long": ([["a"] * 3, ["b"] * (MAX_LIST_COLUMNS + 1)], NoteKind.COLUMNS, 0),
}


def read(folder: Path, data: bytes) -> Table:
    path = folder / "file"
    path.write_bytes(data)
    return read_table(path)


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("form", ["json", "jsonl", "parquet", "arrow", "stream"])
def test_a_nested_column_beside_a_pair_is_unpacked_or_named(tmp_path: Path, form: str, name: str) -> None:
    values, kind, width = COLUMNS[name]
    rows = [
        {"question": q, "answer": a, name: value}
        for (q, a), value in zip((("where", "here"), ("when", "now")), values, strict=True)
    ]
    arrow = pa.Table.from_pylist(rows)
    data = {
        "json": json.dumps(rows).encode(),
        "jsonl": jsonl(*rows),
        "parquet": parquet_bytes(arrow),
        "arrow": arrow_bytes(arrow),
        "stream": arrow_bytes(arrow, stream=True),
    }[form]
    table = read(tmp_path, data)
    assert list(table.frame.columns)[:2] == ["question", "answer"]
    assert table.frame.shape == (2, 2 + width)
    (note,) = table.report.notes
    assert (note.kind, note.names) == (kind, (name,))


def test_bytes_are_left_out_of_columnar_files(tmp_path: Path) -> None:
    table = pa.table({"question": ["a"], "answer": ["b"], "image": pa.array([b"\x89PNG"], pa.binary())})
    assert list(read(tmp_path, parquet_bytes(table)).frame.columns) == ["question", "answer"]


def test_unpacked_names_avoid_those_of_other_columns() -> None:
    flat = flatten_columns({"neg": [["a", "b"], None], "neg_2": ["c", "d"]}, lines=[1, 2])
    assert flat.columns == {"neg": ["a", ""], "neg_3": ["b", ""], "neg_2": ["c", "d"]}


def test_a_nested_value_among_texts_is_named_by_its_line() -> None:
    values: list[object] = ["a", "b", {"deep": 1}, "c"]
    flat = flatten_columns({"text": values}, lines=[2, 3, 4, 5])
    assert flat.columns == {"text": ["a", "b", "", "c"]}
    (note,) = flat.notes
    assert (note.kind, note.lines) == (NoteKind.CELLS, (4,))


def test_a_text_among_lists_is_a_list_of_one() -> None:
    flat = flatten_columns({"neg": [["a", "b"], "c", None]}, lines=[1, 2, 3])
    assert flat.columns == {"neg": ["a", "c", ""], "neg_2": ["b", "", ""]}
