"""Files to one table: named text columns, with the line of each row and how it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.read.file_bytes import read_bytes
from lib.data.read.formats import detect_format
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable
from lib.data.table import NoteKind, ReadReport, Table
from lib.errors import InputError
from lib.settings import MAX_COLUMNS

FILE_COLUMN = "file"
"""Names the file of each row where several were read as one table."""


def read_table(source: Path | Sequence[Path], *, options: ReadOptions = ReadOptions()) -> Table:
    """Read a file, or several of the same columns as one table.

    Raises InputError that names line and cause.
    """
    files = [source] if isinstance(source, Path) else list(source)
    if not files:
        raise InputError("There is no file.", todo="Choose one.")
    tables = [read_file(file, options) for file in files]
    return tables[0] if len(tables) == 1 else concatenate_tables(tables, [file.name for file in files])


def read_file(path: Path, options: ReadOptions) -> Table:
    """Read one file by what it holds, whatever its name says."""
    data = read_bytes(path)
    file_format = detect_format(data, separator=options.separator)
    return to_table(file_format.read(data, options), file_format.kind, options)


def to_table(raw: RawTable, kind: str, options: ReadOptions) -> Table:
    """Make a table of what a reader returned. Raises InputError: no rows, one column, too many columns."""
    if not raw.rows:
        raise InputError("There is a header but no row below it.", where="line 2", todo="Choose another file.")
    if len(raw.columns) < 2:
        left_out = "".join(f" {note.text}" for note in raw.notes if note.kind is NoteKind.COLUMNS)
        raise InputError(
            f"There is only one column (“{raw.columns[0][:60]}”).{left_out}",
            where=f"line {max(1, raw.lines[0] - 1)}",
            todo="Examples need two text columns, or a text and its class. If the file has more, choose its separator.",
        )
    if len(raw.columns) > MAX_COLUMNS:
        raise InputError(f"There are {len(raw.columns):,} columns; {MAX_COLUMNS:,} are the limit.")
    frame = pd.DataFrame(raw.rows, columns=raw.columns, dtype=object)
    if options.na:
        frame = frame.where(~frame.isin(list(options.na)), "")
    report = ReadReport(
        kind=kind,
        rows=len(frame),
        columns=list(raw.columns),
        encoding=raw.encoding,
        separator=raw.separator,
        quote=raw.quote,
        header=raw.header,
        sheet=raw.sheet,
        sheets=raw.sheets,
        wrong_width=raw.wrong_width,
        odd_lines=raw.odd_lines,
        notes=raw.notes,
    )
    return Table(frame, np.asarray(raw.lines, dtype=np.int64), report)


def concatenate_tables(tables: list[Table], names: list[str]) -> Table:
    """Concatenate tables of the same columns, with a column that names the file of each row."""
    columns = list(tables[0].frame.columns)
    for table, name in zip(tables[1:], names[1:], strict=True):
        if set(table.frame.columns) != set(columns):
            raise InputError(
                f"It has the columns {', '.join(table.frame.columns)}; the first file has {', '.join(columns)}.",
                where=name,
                todo="Upload files of the same columns together.",
            )
    frames = [table.frame[columns].assign(**{FILE_COLUMN: name}) for table, name in zip(tables, names, strict=True)]
    frame = pd.concat(frames, ignore_index=True)
    report = replace(
        tables[0].report,
        rows=len(frame),
        columns=list(frame.columns),
        files=names,
        wrong_width=[line for table in tables for line in table.report.wrong_width],
        odd_lines=[line for table in tables for line in table.report.odd_lines],
        notes=[
            replace(note, text=f"{name}: {note.text}")
            for table, name in zip(tables, names, strict=True)
            for note in table.report.notes
        ],
    )
    return Table(frame, np.concatenate([table.lines for table in tables]), report)
