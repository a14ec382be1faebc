"""What every reader returns: rows of text, and how they were read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from lib.data.table import ReadNote


@dataclass(frozen=True)
class RawTable:
    """Rows of text under column names; `lines` has the line each row begins on in the file, from 1.

    rows: lists, or `ColumnRows` of a large file of columns.
    parts: the tables of a file that holds several, by name; it has no rows itself then. format: title of the field's format that it was recognised as. split_column: as a ReadReport has it. wrong_width, odd_lines: lines of rows with more or fewer cells than the header, and of lines in another encoding.
    """

    columns: list[str]
    rows: Sequence[list[str]]
    lines: Sequence[int]
    format: str = ""
    split_column: str = ""
    header: bool = True
    encoding: str = ""
    separator: str = ""
    quote: str = ""
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    wrong_width: list[int] = field(default_factory=list)
    odd_lines: list[int] = field(default_factory=list)
    notes: list[ReadNote] = field(default_factory=list)
    parts: dict[str, RawTable] = field(default_factory=dict)


def cell_text(cell: object) -> str:
    """Write a cell as a person sees it: whole numbers without .0, dates as ISO, nothing and NaN as ""."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return "" if math.isnan(cell) else str(int(cell)) if cell.is_integer() else str(cell)
    return str(cell)
