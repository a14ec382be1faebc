"""The cells of one sheet: rows of text, and what a person who reads them should know."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import IO, Any

from openpyxl.utils.cell import get_column_letter, range_boundaries
from openpyxl.worksheet._reader import COL_TAG, FORMULA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from lib.data.read.error_words import ERROR_WORDS
from lib.data.read.excel_book import ExcelBook, SheetPart, name_damage
from lib.data.read.raw_table import cell_text
from lib.errors import InputError
from lib.settings import MAX_COLUMNS, MAX_ROWS

MERGE_TAG = f"{{{SHEET_MAIN_NS}}}mergeCell"
ESCAPED_CHARACTER = re.compile(r"_x00([01][0-9A-Fa-f])_")
"""A control character as Open XML writes it in texts, a line end of Windows for one (ISO/IEC 29500-1, ST_Xstring)."""
STRING_KINDS = ("s", "inlineStr")
"""Types of cells that hold a text of their own and no formula (ISO/IEC 29500-1, ST_CellType)."""
CALCULATION_CHAIN = "xl/calcChain.xml"
"""The part of a workbook that Excel writes once it has calculated formulas."""
TRUE_WORDS = ("1", "true")

Range = tuple[int, int, int, int]
"""First column, first row, last column, last row, from 1, the last ones included."""


@dataclass(frozen=True)
class SheetCells:
    """Rows of one width that hold anything, the sheet's number of each, and what stands in no cell.

    hidden_rows, hidden_columns: numbers from 1. uncalculated: cells with a formula and no value. zeros: cells with a
    formula, where all are 0 and nothing shows that they were calculated, as XlsxWriter writes them. errors: what Excel
    shows in place of a value, by cell. merged: ranges of merged cells.
    """

    rows: list[list[str]]
    lines: list[int]
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    uncalculated: list[tuple[int, int]] = field(default_factory=list)
    zeros: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Range] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.rows[0]) if self.rows else 0


class _Parser(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's parser of a sheet, without the parts that hold no cells.

    Those may be of a kind that openpyxl does not know. Merged ranges and hidden rows, which its fast mode leaves out, are kept.
    """

    def __init__(self, source: IO[bytes], book: ExcelBook) -> None:
        super().__init__(
            source,
            book.strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book.date_formats,
            timedelta_formats=book.duration_formats,
        )
        self.ranges: list[Range] = []
        self.hidden_rows: list[int] = []
        self.hidden_columns: set[int] = set()
        self.uncalculated: list[tuple[int, int]] = []
        self.zeros: dict[tuple[int, int], bool] = {}
        self.errors: dict[tuple[int, int], str] = {}

    def parse(self) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Iterate over the rows as number and cells."""
        for _, element in iterparse(self.source):
            if element.tag == ROW_TAG:
                number, cells = self.parse_row(element)
                if self.row_dimensions.pop(str(number), {}).get("hidden") in TRUE_WORDS:
                    self.hidden_rows.append(number)
                yield number, cells
                element.clear()
            elif element.tag == COL_TAG and element.get("hidden") in TRUE_WORDS:
                last = min(int(element.get("max")), MAX_COLUMNS + 1)
                self.hidden_columns.update(range(int(element.get("min")), last + 1))
            elif element.tag == MERGE_TAG:
                bounds = range_boundaries(element.get("ref"))
                self.ranges += [bounds] if None not in bounds else []

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """Read a cell; note a formula without a value, and an error."""
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["data_type"] == "e" or cell["value"] in ERROR_WORDS:
            self.errors[cell["row"], cell["column"]] = str(cell["value"])
            cell["value"] = None
        elif element.get("t") not in STRING_KINDS and element.find(FORMULA_TAG) is not None:
            place = (cell["row"], cell["column"])
            self.zeros[place] = cell["value"] == 0 and cell["data_type"] == "n"
            if cell["value"] is None and element.get("t") != "str":
                self.uncalculated.append(place)
        return cell


def read_cells(book: ExcelBook, sheet: SheetPart, *, skip: int = 0) -> SheetCells:
    """Read the rows of a sheet below the skipped ones. Raises InputError: damaged, too many rows."""
    rows, lines = [], []
    with name_damage(), book.archive.open(sheet.path) as source:
        parser = _Parser(source, book)
        for number, cells in parser.parse():
            texts = _row_texts(cells)
            if number > skip and any(texts):
                rows.append(texts)
                lines.append(number)
            if len(rows) > MAX_ROWS:
                raise InputError(f"The sheet has more than {MAX_ROWS:,} rows.", todo="Split it, or take a sample.")
    rows = _equal_width(rows)
    width = len(rows[0]) if rows else 0
    return SheetCells(
        rows,
        lines,
        hidden_rows=sorted(set(parser.hidden_rows) & set(lines)),
        hidden_columns=sorted(one for one in parser.hidden_columns if one <= width),
        uncalculated=[(row, column) for row, column in parser.uncalculated if row > skip],
        zeros=_zero_formulas(parser, book, skip),
        errors={(row, column): word for (row, column), word in parser.errors.items() if row > skip},
        merged=parser.ranges,
    )


def _zero_formulas(parser: _Parser, book: ExcelBook, skip: int) -> list[tuple[int, int]]:
    """List the cells with a formula where all of them are 0 and Excel did not calculate the workbook."""
    if not all(parser.zeros.values()) or CALCULATION_CHAIN in book.archive.namelist():
        return []
    return [place for place in parser.zeros if place[0] > skip]


def _row_texts(cells: list[dict[str, Any]]) -> list[str]:
    """Write the cells of a row as text, each at its column; one beyond the limit makes the row too wide."""
    texts: list[str] = []
    for cell in cells:
        column = min(cell["column"], MAX_COLUMNS + 1)
        if cell["value"] is None or column < 1:
            continue
        texts += [""] * (column - len(texts))
        texts[column - 1] = _cell_text(cell["value"])
    return texts


def _cell_text(value: object) -> str:
    """Write a value as a person sees it: a day without its midnight, control characters unescaped."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, str) and "_x00" in value:
        return ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), value).replace("\r\n", "\n")
    return cell_text(value)


def _equal_width(rows: list[list[str]]) -> list[list[str]]:
    """Bring all rows to one width, without the columns at the right edge that are formatted but empty."""
    width = max((len(row) for row in rows), default=0)
    while width > 1 and not any(len(row) >= width and row[width - 1] for row in rows):
        width -= 1
    return [(row + [""] * width)[:width] for row in rows]


def fill_merged(sheet: SheetCells) -> dict[Range, list[int]]:
    """Write the text of each cell that is merged over several rows into those rows, in place.

    Returns the lines that got a text, by range; without the first line of each. Ranges that overlap, which Excel does
    not write, are filled but once.
    """
    filled: dict[Range, list[int]] = {}
    for column, ranges in groupby(sorted(sheet.merged), key=lambda one: one[0]):
        below = 0
        for one in ranges if column <= sheet.width else ():
            first = bisect_left(sheet.lines, max(one[1], below + 1))
            last = bisect_right(sheet.lines, one[3])
            below = max(below, one[3])
            if first >= last or sheet.lines[first] != one[1]:
                continue
            text = sheet.rows[first][column - 1]
            empty = [at for at in range(first + 1, last) if not sheet.rows[at][column - 1]]
            for at in empty if text else ():
                sheet.rows[at][column - 1] = text
            filled[one] = [sheet.lines[at] for at in empty] if text else []
    return filled


def cell_name(row: int, column: int) -> str:
    """Name a cell as Excel does: B7."""
    return f"{get_column_letter(column)}{row}"


def range_name(one: Range) -> str:
    """Name a range as Excel does: A2:A4."""
    return f"{cell_name(one[1], one[0])}:{cell_name(one[3], one[2])}"
