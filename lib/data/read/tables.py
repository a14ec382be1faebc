"""Files to one table: named text columns, with the line of each row and how it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.read.column_rows import ColumnRows
from lib.data.read.concatenate import concatenate_tables, keep_same_columns
from lib.data.read.dataset_formats.registry import recognise_files
from lib.data.read.excel import offer_sheets
from lib.data.read.formats import detect_format
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable
from lib.data.read.records_table import recognise_table
from lib.data.read.sources import SourceFile, SourceFiles, list_sources
from lib.data.table import NoteKind, ReadNote, ReadReport, Table
from lib.errors import InputError, error_from_json
from lib.settings import MAX_COLUMNS

MAX_SHOWN_FILES = 10
"""Names of files that a note lists."""
SAVED_DATASET_TITLE = "datasets folder"
"""The format of what Hugging Face's `datasets` wrote by `save_to_disk`."""


@dataclass(frozen=True)
class ReadFile:
    """One file as it was read, and the kind of its format."""

    name: str
    raw: RawTable
    kind: str


def read_table(
    source: Path | Sequence[Path], *, options: ReadOptions = ReadOptions(), names: Sequence[str] = ()
) -> Table:
    """Read a file, a folder, a zip, or several files, as one table.

    Several files have the same columns, or are the parts of one dataset (BEIR). names: what people call the files, where
    they are stored under other names. Raises InputError that names line and cause.
    """
    paths = [source] if isinstance(source, Path) else list(source)
    if not paths:
        raise InputError("There is no file.", todo="Choose one.")
    sources = list_sources(paths, names)
    alone = len(sources.files) == 1
    files = [one for source in sources.files for one in _read_source(source, options, alone=alone)]
    table = _join_files(files, options, sources)
    report = replace(table.report, notes=[*_source_notes(sources), *table.report.notes])
    if sources.is_saved_dataset and not report.format:
        report = replace(report, format=SAVED_DATASET_TITLE)
    return replace(table, report=report)


def _read_source(source: SourceFile, options: ReadOptions, *, alone: bool) -> list[ReadFile]:
    """Read one file, or each of its parts, by what it holds; an error names one of several."""
    try:
        data = source.load()
        file_format = detect_format(data, separator=options.separator)
        raw = file_format.read(data, options)
    except InputError as error:
        if alone:
            raise
        where = f"{source.name}, {error.where}" if error.where not in ("", source.name) else source.name
        raise error_from_json(error.to_json() | {"where": where}) from error
    tables = {name if alone else f"{source.name}/{name}": part for name, part in raw.parts.items()} or {
        source.name: raw
    }
    return [
        ReadFile(name, table if table.format else recognise_table(table), file_format.kind)
        for name, table in tables.items()
    ]


def _join_files(files: Sequence[ReadFile], options: ReadOptions, sources: SourceFiles) -> Table:
    """Join the files as the parts of one dataset, else one below the other."""
    joined = recognise_files([(file.name, file.raw) for file in files])
    if joined is not None:
        table = to_table(joined, files[0].kind, options)
        return replace(table, report=replace(table.report, files=[file.name for file in files]))
    is_bundle = sources.is_bundle or len(files) > len(sources.files)
    chosen = [file for file in files if not is_bundle or len(file.raw.columns) > 1] or files
    tables, names = [to_table(file.raw, file.kind, options) for file in chosen], [file.name for file in chosen]
    if is_bundle:
        tables, names = keep_same_columns(tables, names, [file.name for file in files if file not in chosen])
    return tables[0] if len(tables) == 1 else concatenate_tables(tables, names)


def _source_notes(sources: SourceFiles) -> list[ReadNote]:
    """Note what a folder or zip holds beside the files that were read."""
    notes = []
    if sources.is_saved_dataset:
        notes.append(ReadNote(NoteKind.FORMAT, f"Recognised as a {SAVED_DATASET_TITLE} (Hugging Face, save_to_disk)."))
    if sources.others:
        shown = ", ".join(sources.others[:MAX_SHOWN_FILES]) + ", ..." * (len(sources.others) > MAX_SHOWN_FILES)
        notes.append(ReadNote(NoteKind.FORMAT, f"Not read: {shown}.", tuple(sources.others)))
    return notes


def _refuse_half_characters(columns: Sequence[str]) -> None:
    """Raise InputError for a column name that no file can hold (JSON can write half a surrogate pair)."""
    for name in columns:
        if any("\ud800" <= sign <= "\udfff" for sign in name):
            raise InputError(f"A column name holds half a character: {name[:80]!r}.", todo="Rename it in the file.")


def to_table(raw: RawTable, kind: str, options: ReadOptions) -> Table:
    """Make a table of what a reader returned. Raises InputError: no rows, one column, too many columns."""
    with offer_sheets(raw.sheets):
        _check_size(raw)
    frame = _to_frame(raw)
    if options.na:
        frame = frame.where(~frame.isin(list(options.na)), "")
    report = ReadReport(
        kind=kind,
        format=raw.format,
        split_column=raw.split_column,
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


def _to_frame(raw: RawTable) -> pd.DataFrame:
    """Make a frame of texts in Arrow's memory, less than Python's strings take.

    Half a character has no place in it: such texts stay Python's.
    """
    if isinstance(raw.rows, ColumnRows):
        return raw.rows.to_frame(raw.columns)
    frame = pd.DataFrame(raw.rows, columns=raw.columns, dtype=object)
    try:
        return frame.astype("str")
    except UnicodeEncodeError:
        return frame


def _check_size(raw: RawTable) -> None:
    """Raise InputError for a table without rows, of one column, or of too many."""
    _refuse_half_characters(raw.columns)
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
