"""Files of columns are read without a Python string for every cell, and give the same table."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from lib.data.read import columnar
from lib.data.read.column_rows import ColumnRows
from lib.data.read.columnar import read_arrow, read_parquet
from lib.data.read.formats import detect_format
from lib.data.read.options import ReadOptions
from lib.data.read.records_table import recognise_table
from lib.data.read.tables import to_table
from lib.data.text_array import TextArray

VALUES: dict[str, pa.Array] = {
    "string": pa.array(["a", None, "[b", "", "ß"]),
    "large": pa.array(["a", None, "b", "", "c"], pa.large_string()),
    "view": pa.array(["a", None, "b", "", "c"], pa.string_view()),
    "dictionary": pa.array(["a", "b", None, "a", "b"]).dictionary_encode(),
    "whole": pa.array([1, None, -3, 0, 2**62]),
    "unsigned": pa.array([1, None, 3, 0, 2**64 - 1], pa.uint64()),
    "whole_dictionary": pa.array([7, 8, None, 7, 8]).dictionary_encode(),
    "float": pa.array([1.0, None, 2.5, float("nan"), 1e20]),
    "single": pa.array([0.1, None, 2.0, 1.5, 3.0], pa.float32()),
    "truth": pa.array([True, None, False, True, False]),
    "date": pa.array([datetime.date(2024, 1, 2), None, None, None, datetime.date(1, 1, 1)]),
    "decimal": pa.array([Decimal("1.50"), None, None, None, Decimal("2.00")]),
    "null": pa.array([None] * 5),
    "bytes": pa.array([b"a", None, b"b", b"", b"c"]),
}


def write(columns: dict[str, Any], *, is_arrow: bool = False) -> bytes:
    """Write a file of two chunks or row groups."""
    table, file = pa.table(columns), io.BytesIO()
    if is_arrow:
        feather.write_feather(table, file, chunksize=3)
    else:
        parquet.write_table(table, file, row_group_size=3)
    return file.getvalue()


@pytest.mark.parametrize("name", list(VALUES))
@pytest.mark.parametrize("is_arrow", [False, True], ids=["parquet", "arrow"])
def test_every_type_is_written_as_the_slow_way_writes_it(
    name: str, is_arrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write({"text": pa.array(list("vwxyz")), name: VALUES[name]}, is_arrow=is_arrow)
    read = read_arrow if is_arrow else read_parquet
    quick = read(data, ReadOptions())
    monkeypatch.setattr(columnar, "_plain_rows", lambda *_: None)
    slow = read(data, ReadOptions())
    assert isinstance(quick.rows, ColumnRows)
    assert isinstance(slow.rows, list)
    assert list(quick.rows) == slow.rows
    assert (quick.columns, list(quick.lines), quick.notes) == (slow.columns, list(slow.lines), slow.notes)
    assert to_table(quick, "parquet", ReadOptions(na=("v",))).frame.to_dict("list") == (
        to_table(slow, "parquet", ReadOptions(na=("v",))).frame.to_dict("list")
    )


@pytest.mark.parametrize(
    "columns",
    [
        {"query": ["a", "b"], "pos": [["c"], ["d"]], "neg": [["e"], ["f"]]},
        {"query": ["a", "b"], "pos": ["['c']", "['d']"], "neg": ["['e']", "['f']"]},
        {"instruction": ["a", "b"], "input": ["", "c"], "output": ["d", "e"]},
    ],
    ids=["lists", "lists as text", "a format of texts"],
)
def test_what_has_to_be_recognised_is_not_read_as_it_is(columns: dict[str, Any]) -> None:
    found = read_parquet(write(columns), ReadOptions())
    assert not isinstance(found.rows, ColumnRows)


def test_rows_are_lists_when_asked_for() -> None:
    rows = ColumnRows([TextArray.of("abc"), TextArray.of("xyz")])
    assert len(rows) == 3
    assert (rows[1], rows[1:]) == (["b", "y"], [["b", "y"], ["c", "z"]])
    assert list(rows.to_frame(["one", "two"]).columns) == ["one", "two"]
    assert len(ColumnRows([])) == 0


def test_a_table_of_columns_is_not_taken_apart_to_be_recognised() -> None:
    data = write({"text": list("abc"), "more": list("xyz")})
    table = detect_format(data).read(data, ReadOptions())
    assert recognise_table(table) is table
