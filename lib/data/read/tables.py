"""Bytes to table: whatever a person brings becomes named text columns, with the line of each row and how it was read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.read import content, delimited, structured
from lib.data.read import encoding as decoding
from lib.data.read.raw import RawTable
from lib.errors import InputError
from lib.settings import MAX_COLUMNS

FILE_COLUMN = "file"
SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class ReadOptions:
    """What a person says about the file; an empty value means: find out. na: words that mean an empty cell."""

    encoding: str = ""
    separator: str = ""
    quote: str = '"'
    header: bool | None = None
    sheet: str = ""
    na: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "na", tuple(self.na))
        if len(self.separator) > 1 or len(self.quote) > 1:
            raise InputError("Separator and quote are one character each.")


@dataclass(frozen=True)
class ReadReport:
    """How a table was read. wrong_width and odd_lines are line numbers."""

    kind: str
    rows: int
    columns: list[str]
    encoding: str = ""
    separator: str = ""
    quote: str = ""
    header: bool = True
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    wrong_width: list[int] = field(default_factory=list)
    odd_lines: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in ("", [], None)}


@dataclass(frozen=True)
class Table:
    """Named columns of text (no missing values: an empty cell is ""), and the line that each row begins on, from 1."""

    frame: pd.DataFrame
    lines: np.ndarray
    report: ReadReport


def read_table(source: Path | Sequence[Path], *, options: ReadOptions = ReadOptions()) -> Table:
    """Read a file, or several of the same columns as one table. Raises InputError that names line and cause."""
    files = [source] if isinstance(source, Path) else list(source)
    if not files:
        raise InputError("There is no file.", todo="Choose one.")
    tables = [read_file(file, options) for file in files]
    return tables[0] if len(tables) == 1 else concatenate_tables(tables, [file.name for file in files])


def read_file(path: Path, options: ReadOptions) -> Table:
    """Read one file by what it holds, whatever its name says."""
    data = content.read_bytes(path)
    kind = content.kind_of(data)
    facts: dict[str, Any] = {}
    if kind == "xlsx":
        raw = structured.read_xlsx(data, sheet=options.sheet, header=options.header)
    elif kind == "parquet":
        raw = structured.read_parquet(data)
    else:
        decoded = decoding.decode(data, encoding=options.encoding)
        facts = {"encoding": decoded.encoding, "odd_lines": decoded.odd_lines}
        if kind == "json" and not options.separator:
            raw = structured.read_json(decoded.text.lstrip("\ufeff"))
            check_surrogates(raw, decoded.text)
        elif kind == "xml" and not options.separator:
            raw = structured.read_xml(decoded.text.lstrip("\ufeff"))
        else:
            kind = "text"
            raw = delimited.read_delimited(
                decoded.text.lstrip("\ufeff"), separator=options.separator, quote=options.quote, header=options.header
            )
    return to_table(raw, kind, facts, options)


def check_surrogates(raw: RawTable, text: str) -> None:
    """Raise InputError for half a character: JSON can escape one, no encoding can store it."""
    if not SURROGATE_ESCAPE.search(text):
        return
    for row, line in zip(raw.rows, raw.lines, strict=True):
        for cell in row:
            try:
                cell.encode("utf-8")
            except UnicodeEncodeError as error:
                raise InputError(
                    f"A text holds half a character (\\u{ord(cell[error.start]):04x} without its other half).",
                    where=f"line or item {line}",
                    todo="Take it out, or export the file again.",
                ) from error


def to_table(raw: RawTable, kind: str, facts: dict[str, Any], options: ReadOptions) -> Table:
    """Check what every table must have and return it. Raises InputError: no rows, one column, too many columns."""
    if not raw.rows:
        raise InputError("There is a header but no row below it.", where="line 2", todo="Choose another file.")
    if len(raw.columns) < 2:
        raise InputError(
            f"There is only one column (“{raw.columns[0][:60]}”).",
            where=f"line {max(1, raw.lines[0] - 1)}",
            todo="Two texts a row are needed, or a text and its class. If there are more columns, choose the separator.",
        )
    if len(raw.columns) > MAX_COLUMNS:
        raise InputError(f"There are {len(raw.columns):,} columns; {MAX_COLUMNS:,} are the limit.")
    frame = pd.DataFrame(raw.rows, columns=raw.columns, dtype=object)
    if options.na:
        frame = frame.where(~frame.isin(list(options.na)), "")
    report = ReadReport(
        kind=kind, rows=len(frame), columns=list(raw.columns), wrong_width=raw.wrong_width, **facts, **raw.facts
    )
    return Table(frame, np.asarray(raw.lines, dtype=np.int64), report)


def concatenate_tables(tables: list[Table], names: list[str]) -> Table:
    """Put tables of the same columns under each other, with a column that says which file a row came from."""
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
    first = tables[0].report
    report = ReadReport(
        **(asdict(first) | {"rows": len(frame), "columns": list(frame.columns), "files": names})
        | {"wrong_width": [line for table in tables for line in table.report.wrong_width]}
        | {"odd_lines": [line for table in tables for line in table.report.odd_lines]}
    )
    return Table(frame, np.concatenate([table.lines for table in tables]), report)
