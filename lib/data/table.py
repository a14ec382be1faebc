"""A table of text columns, and the report of how it was read: where every dataset begins."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd


class NoteKind(StrEnum):
    """What a note of a reader is about: a choice that it made, or a part of the file that it left out."""

    SKIPPED = "skipped"
    """Lines above the header: a title, blank cells, Excel's own `sep=` line."""
    HEADER = "header"
    SEPARATOR = "separator"
    QUOTE = "quote"
    ENCODING = "encoding"
    SHEET = "sheet"
    """The sheet that was read where it is not the first, and the sheets that were not read."""
    COLUMNS = "columns"
    """Columns that were left out: nested, numbers, empty without a name."""
    UNPACKED = "unpacked"
    """Lists in cells that became columns of their own."""
    CELLS = "cells"
    """Cells that do not hold what a person sees: merged, formulas without values, errors, hidden."""
    FORMAT = "format"
    """What the file was recognised as, and what its format holds beside the table."""


@dataclass(frozen=True)
class ReadNote:
    """One choice or omission of a reader, as a sentence for the user.

    names: the columns or sheets it is about. lines: the lines of the file it is about, from 1.
    """

    kind: NoteKind
    text: str
    names: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write the note as JSON-able values, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value != ()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ReadNote:
        """Make a note of what `to_json` wrote."""
        names, lines = tuple(values.get("names", ())), tuple(values.get("lines", ()))
        return cls(NoteKind(values["kind"]), values["text"], names, lines)


@dataclass(frozen=True)
class ReadReport:
    """How a table was read; a table that was never a file has rows and columns only.

    kind: of `lib.data.read.formats`; format: title of `lib.data.read.dataset_formats`. split_column: names the part of
    each row where the files are the parts of a split. notes: choices and omissions that
    the user should know of. wrong_width, odd_lines: lines of rows with more or fewer cells than the header, and of lines
    in another encoding than the rest.
    """

    rows: int
    columns: list[str]
    kind: str = ""
    format: str = ""
    encoding: str = ""
    separator: str = ""
    quote: str = ""
    header: bool | None = None
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    wrong_width: list[int] = field(default_factory=list)
    odd_lines: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    split_column: str = ""
    notes: list[ReadNote] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Write the report as JSON-able values, without what is empty."""
        values = asdict(self) | {"notes": [note.to_json() for note in self.notes]}
        return {name: value for name, value in values.items() if value not in ("", [], None)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ReadReport:
        """Make a report of what `to_json` wrote."""
        return cls(**values | {"notes": [ReadNote.from_json(note) for note in values.get("notes", [])]})


@dataclass(frozen=True)
class Table:
    """Named columns of text and the line that each row begins on, from 1.

    No missing values: an empty cell is "".
    """

    frame: pd.DataFrame
    lines: np.ndarray
    report: ReadReport

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Table:
        """Make a table of rows that were never a file, numbered as if under a header line."""
        report = ReadReport(len(frame), [str(name) for name in frame.columns])
        return cls(frame, np.arange(2, len(frame) + 2, dtype=np.int64), report)
