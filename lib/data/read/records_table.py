"""Records to a table: by the format that they have the look of, else as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lib.data.read.column_rows import ColumnRows
from lib.data.read.dataset_formats.records import Records
from lib.data.read.dataset_formats.registry import recognise_records
from lib.data.read.header import unique_column_names
from lib.data.read.list_cells import parse_list_columns
from lib.data.read.nested import flatten_columns
from lib.data.read.raw_table import RawTable
from lib.errors import InputError

RECOGNISED_ROWS = 50
"""Rows of text cells by which a format is looked for, before all are read by it."""


def records_to_table(columns: Mapping[str, list[Any]], lines: Sequence[int]) -> RawTable:
    """Make a table of values of any kind; it may have no columns, and its notes say which were left out.

    Raises InputError where a format is recognised and none of its rows gives an example.
    """
    named = dict(zip(unique_column_names(list(columns)), columns.values(), strict=True))
    title, records = recognise_records(Records(named | parse_list_columns(named), lines))
    return _flat_table(title, records, len(lines))


def recognise_table(table: RawTable) -> RawTable:
    """Read a table of text cells by the format that it has the look of, else unpack its lists."""
    lists = parse_list_columns({name: _column(table, at) for at, name in enumerate(table.columns)})
    if not lists and not recognise_records(_records(table, RECOGNISED_ROWS))[0]:
        return table
    records = _records(table, len(table.rows))
    title, records = recognise_records(replace(records, columns={**records.columns, **lists}))
    made = _flat_table(title, records, len(table.rows))
    if not made.columns:
        return table
    notes = [*table.notes, *made.notes]
    return replace(table, columns=made.columns, rows=made.rows, lines=made.lines, format=title, notes=notes)


def _column(table: RawTable, at: int) -> Iterable[str]:
    return table.rows.columns[at] if isinstance(table.rows, ColumnRows) else (row[at] for row in table.rows)


def _records(table: RawTable, rows: int) -> Records:
    """Take the first rows of a table for records."""
    columns = {name: [row[at] for row in table.rows[:rows]] for at, name in enumerate(table.columns)}
    return Records(columns, table.lines[:rows])


def _flat_table(title: str, records: Records, rows: int) -> RawTable:
    """Write the values of records as text. rows: how many the file had."""
    if title and not len(records):
        raise InputError(
            f"This is {title}, but none of its {rows:,} rows gives an example. "
            + " ".join(note.text for note in records.notes[1:]),
            todo="Choose another file.",
        )
    flat = flatten_columns(records.columns, lines=records.lines)
    cells = [list(row) for row in zip(*flat.columns.values(), strict=True)]
    names = [str(name) for name in flat.columns]
    return RawTable(names, cells, records.lines, format=title, notes=[*records.notes, *flat.notes])
