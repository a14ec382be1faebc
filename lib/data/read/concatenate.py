"""Several tables of the same columns as one, with the file or the split that each row is from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from lib.data.columns.mapping import SPLIT_WORDS
from lib.data.table import NoteKind, ReadNote, Table
from lib.errors import InputError

FILE_COLUMN = "file"
"""Names the file of each row where several were read as one table."""
SPLIT_COLUMN = "split"
"""Names the part of each row where the files are the parts of a split."""
NUMBERED = re.compile(r"(.+)_\d+")
"""A column that goes on with one of the same name without the number."""
SHARD = re.compile(r"\d+-of-\d+")
"""Number of one of several files of one part: train-00000-of-00002.parquet."""


def concatenate_tables(tables: list[Table], names: list[str]) -> Table:
    """Concatenate tables of the same columns, with a column that names the file or the split of each row.

    Columns that are numbered on, such as further negatives, are empty where a table lacks them. Raises InputError for other columns.
    """
    columns = list(dict.fromkeys(name for table in tables for name in table.frame.columns))
    for table, name in zip(tables[1:], names[1:], strict=True):
        if _base_columns(table) != _base_columns(tables[0]):
            raise InputError(
                f"It has the columns {', '.join(table.frame.columns)}; the first file has {', '.join(tables[0].frame.columns)}.",
                where=name,
                todo="Upload files of the same columns together.",
            )
    column, values, notes = _origin_column(names, columns)
    frames = [
        table.frame.reindex(columns=columns, fill_value="").assign(**({column: value} if column else {}))
        for table, value in zip(tables, values, strict=True)
    ]
    frame = pd.concat(frames, ignore_index=True)
    report = replace(
        tables[0].report,
        rows=len(frame),
        columns=list(frame.columns),
        files=names,
        split_column=column if column == SPLIT_COLUMN else "",
        wrong_width=[line for table in tables for line in table.report.wrong_width],
        odd_lines=[line for table in tables for line in table.report.odd_lines],
        format=next((table.report.format for table in tables if table.report.format), ""),
        notes=[*notes, *_file_notes(tables, names)],
    )
    return Table(frame, np.concatenate([table.lines for table in tables]), report)


def keep_same_columns(
    tables: list[Table], names: list[str], others: Sequence[str] = ()
) -> tuple[list[Table], list[str]]:
    """Keep the tables with the columns of train, else of the longest one; note the others.

    For a folder, zip or object of tables, which holds what its maker put there. others: names of those that are no
    table. Columns that are numbered on, such as further negatives, may be missing.
    """
    parts = [split_of_file(name) for name in names]
    longest = max(range(len(tables)), key=lambda at: len(tables[at].frame))
    first = _base_columns(tables[parts.index("train") if "train" in parts else longest])
    fits = [_base_columns(table) == first for table in tables]
    others = [*others, *(name for name, one in zip(names, fits, strict=True) if not one)]
    kept = [table for table, one in zip(tables, fits, strict=True) if one]
    if others:
        note = ReadNote(NoteKind.FORMAT, f"Not read, as their columns differ: {', '.join(others)}.", tuple(others))
        kept[0] = replace(kept[0], report=replace(kept[0].report, notes=[note, *kept[0].report.notes]))
    return kept, [name for name, one in zip(names, fits, strict=True) if one]


def _base_columns(table: Table) -> frozenset[str]:
    """List the columns without those that are numbered on: “negative_2” beside “negative”."""
    names = set(table.frame.columns)
    return frozenset(name for name in names if not ((found := NUMBERED.fullmatch(name)) and found[1] in names))


def split_of_file(name: str) -> str:
    """Find the part of a split that a file's name or its folders say, "" for none.

    train, validation or held_out, as in train-00000-of-00002.parquet, qrels/dev.tsv or test/data-00000-of-00001.arrow.
    """
    path = PurePosixPath(name)
    for place in (path.name, *reversed(path.parent.parts)):
        words = set(re.split(r"[^a-z]+", place.casefold()))
        parts = [part for part, known in SPLIT_WORDS.items() if not words.isdisjoint(known)]
        if len(parts) == 1:
            return parts[0]
    return ""


def _origin_column(names: list[str], columns: list[str]) -> tuple[str, list[str], list[ReadNote]]:
    """Choose the column that says where rows are from, its value by file, and a note on splits.

    The split where every file is of one, else the file; no column ("") for the shards of one part.
    """
    if len(names) > 1 and len({SHARD.sub("", name) for name in names}) == 1:
        return "", names, []
    parts = [split_of_file(name) for name in names]
    if not all(parts) or len(set(parts)) == 1 or SPLIT_COLUMN in columns:
        return FILE_COLUMN, names, []
    shown = ", ".join(dict.fromkeys(parts))
    text = f"The files are the parts of a split ({shown}): “{SPLIT_COLUMN}” names the part of each row, and is used."
    return SPLIT_COLUMN, parts, [ReadNote(NoteKind.FORMAT, text, (SPLIT_COLUMN,))]


def _file_notes(tables: list[Table], names: list[str]) -> list[ReadNote]:
    """List the notes on all tables; one that all have stands once, without the name of a file."""
    notes = {name: table.report.notes for table, name in zip(tables, names, strict=True)}
    common = [note for note in notes[names[0]] if all(note in others for others in notes.values())]
    each = [
        replace(note, text=f"{name}: {note.text}") for name, own in notes.items() for note in own if note not in common
    ]
    return [*common, *each]
