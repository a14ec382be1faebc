"""An Excel file (XLSX) to rows: which sheet is read, and what Excel shows beside its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lib.data.read.excel_book import ExcelBook, SheetPart, open_book
from lib.data.read.header import HeadedRows, count_title_rows, header_score, split_header, title_note
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable
from lib.data.table import NoteKind, ReadNote
from lib.errors import InputError, SheetError
from lib.format import format_count

if TYPE_CHECKING:
    from lib.data.read.excel_sheet import SheetCells

CLEAR_HEADER, PLAIN_HEADER, MANY_ROWS = 3.0, 1.5, 8
"""Scores of a header from which a sheet is a table, and the rows from which the lower one is enough."""
MAX_NOTED_CELLS = 5
"""Cells that a note names; the others are counted."""


def read_xlsx(data: bytes, options: ReadOptions) -> RawTable:
    """Read the chosen sheet, else the first that holds a table. Lines are the sheet's row numbers.

    Raises SheetError where a workbook of several sheets cannot be read, InputError for others.
    """
    book = open_book(data)
    names = [sheet.name for sheet in book.sheets]
    with offer_sheets(names):
        return _read_book(book, names, options)


@contextmanager
def offer_sheets(names: Sequence[str]) -> Iterator[None]:
    """Turn an InputError about one of several sheets into SheetError, which names them all."""
    try:
        yield
    except InputError as error:
        if len(names) < 2 or isinstance(error, SheetError):
            raise
        raise SheetError(error.what, where=error.where, todo=error.todo, sheets=names) from error


def _read_book(book: ExcelBook, names: list[str], options: ReadOptions) -> RawTable:
    from lib.data.read.excel_sheet import fill_merged

    if options.sheet and options.sheet not in names:
        raise InputError(f"There is no sheet “{options.sheet}”.", todo=f"There are: {', '.join(names)}.")
    part, cells = _choose_sheet(book, options)
    filled = fill_merged(cells)
    above = _count_rows_above_names(cells) if options.header is not False else 0
    rows, lines = cells.rows[above:], cells.lines[above:]
    headed = split_header(rows, lines, options.header, find_title=options.skip is None and not above)
    begin = headed.lines[0] if headed.lines else cells.lines[-1] + 1
    return RawTable(
        headed.columns,
        headed.rows,
        headed.lines,
        header=headed.header,
        sheet=part.name,
        sheets=names,
        notes=[
            *([title_note(cells.rows[:above], cells.lines[:above])] if above else []),
            *headed.notes,
            *_sheet_notes(part, book),
            *_cell_notes(cells, begin),
            *_merge_notes(filled, begin),
            *_hidden_notes(cells, headed, begin),
        ],
    )


def _choose_sheet(book: ExcelBook, options: ReadOptions) -> tuple[SheetPart, SheetCells]:
    """Read the chosen sheet, else the first with a header over rows.

    Without one the first of two columns, or of any rows. A cover page has one column, or a few facts under no header. Hidden sheets come last.
    """
    first: dict[int, tuple[SheetPart, SheetCells]] = {}
    for part, cells in _candidates(book, options):
        grade = _table_grade(cells.rows)
        if grade == 3:
            return part, cells
        if grade:
            first.setdefault(grade, (part, cells))
    if not first:
        raise InputError("The Excel file has no filled cells.", todo="Choose another file or sheet.")
    return first[max(first)]


def _candidates(book: ExcelBook, options: ReadOptions) -> Iterator[tuple[SheetPart, SheetCells]]:
    from lib.data.read.excel_sheet import read_cells

    chosen = [one for one in book.sheets if one.name == options.sheet]
    for part in chosen or sorted(book.sheets, key=lambda one: one.hidden):
        yield part, read_cells(book, part, skip=options.skip or 0)


def _table_grade(rows: list[list[str]]) -> int:
    """Grade a sheet: 3 a header over rows, 2 rows of two cells, 1 other rows, 0 none."""
    if not rows:
        return 0
    if 2 * sum(sum(map(bool, row)) > 1 for row in rows) < len(rows):
        return 1
    title = count_title_rows(rows)
    score = header_score(rows[title], rows[title + 1 :][:100]) if len(rows) > title + 1 else 0.0
    return 3 if score >= (PLAIN_HEADER if len(rows) - title > MANY_ROWS else CLEAR_HEADER) else 2


def _count_rows_above_names(cells: SheetCells) -> int:
    """Count the rows above the names, where a header has two rows: groups of names above the names.

    The upper row has cells merged over columns, and others merged with the row below. 0 for a header of one row.
    """
    at = count_title_rows(cells.rows)
    top = cells.lines[at]
    over_columns = any(first == last == top and left < right for left, first, right, last in cells.merged)
    bottoms = {last for left, first, right, last in cells.merged if first == top < last and left == right}
    if over_columns and len(bottoms) == 1 and bottoms <= set(cells.lines[at + 1 : at + 3]):
        return cells.lines.index(bottoms.pop())
    return 0


def _sheet_notes(part: SheetPart, book: ExcelBook) -> Iterator[ReadNote]:
    """Name the sheets that were not read, and say that dates are numbers where the styles are damaged."""
    others = [one for one in book.sheets if one.name != part.name]
    if others:
        shown = ", ".join(f"“{one.name}”{' (hidden)' * one.hidden}" for one in others)
        text = f"Read the {'hidden ' * part.hidden}sheet “{part.name}”; not read: {shown}."
        yield ReadNote(NoteKind.SHEET, text, tuple(one.name for one in others))
    if not book.has_styles:
        yield ReadNote(NoteKind.CELLS, "The styles of the workbook are damaged: dates are read as numbers.")


def _cell_notes(cells: SheetCells, begin: int) -> Iterator[ReadNote]:
    """Name the cells that hold no value of their own: formulas that were not calculated, and errors.

    begin: the first line below the header.
    """
    formulas = [place for place in cells.uncalculated if place[0] >= begin]
    if formulas:
        what = f"{format_count(len(formulas), 'cell')} with a formula that was never calculated: read as empty"
        todo = "Open the file in Excel or LibreOffice, save it, and upload that."
        yield _cells_note(f"{what} ({_shown_cells(formulas)}). {todo}", formulas)
    zeros = [place for place in cells.zeros if place[0] >= begin]
    if zeros:
        what = f"{format_count(len(zeros), 'cell')} with a formula may not have been calculated: all are 0"
        todo = "Open the file in Excel or LibreOffice, save it, and upload that."
        yield _cells_note(f"{what} ({_shown_cells(zeros)}). {todo}", zeros)
    errors = [place for place in cells.errors if place[0] >= begin]
    if errors:
        words = ", ".join(word for word, _ in Counter(cells.errors[place] for place in errors).most_common())
        what = f"{format_count(len(errors), 'cell')} with an error of Excel's in place of a value ({words})"
        yield _cells_note(f"{what}: read as empty ({_shown_cells(errors)}).", errors)


def _merge_notes(filled: dict[tuple[int, int, int, int], list[int]], begin: int) -> Iterator[ReadNote]:
    """Name the merged cells of the table's rows whose text was written into further rows."""
    from lib.data.read.excel_sheet import range_name

    ranges = {one: lines for one, lines in filled.items() if lines and lines[-1] >= begin}
    if ranges:
        shown = ", ".join(map(range_name, list(ranges)[:MAX_NOTED_CELLS])) + ", ..." * (len(ranges) > MAX_NOTED_CELLS)
        text = f"{format_count(len(ranges), 'merged cell')}: the text stands in every row that it spans ({shown})."
        yield ReadNote(NoteKind.CELLS, text, lines=tuple(sorted({line for lines in ranges.values() for line in lines})))


def _hidden_notes(cells: SheetCells, headed: HeadedRows, begin: int) -> Iterator[ReadNote]:
    """Name the hidden rows and columns: they are read as the others are."""
    rows = [line for line in cells.hidden_rows if line >= begin]
    if rows:
        shown = ", ".join(map(str, rows[:MAX_NOTED_CELLS])) + ", ..." * (len(rows) > MAX_NOTED_CELLS)
        text = f"{format_count(len(rows), 'row')} hidden in Excel: read like the others ({shown})."
        yield ReadNote(NoteKind.CELLS, text, lines=tuple(rows))
    names = [headed.columns[at - 1] for at in cells.hidden_columns if at <= len(headed.columns)]
    if names:
        shown = ", ".join(f"“{name}”" for name in names)
        text = f"{format_count(len(names), 'column')} hidden in Excel: read like the others ({shown})."
        yield ReadNote(NoteKind.CELLS, text, tuple(names))


def _cells_note(text: str, places: Iterable[tuple[int, int]]) -> ReadNote:
    return ReadNote(NoteKind.CELLS, text, lines=tuple(sorted({row for row, _ in places})))


def _shown_cells(places: Sequence[tuple[int, int]]) -> str:
    from lib.data.read.excel_sheet import cell_name

    shown = ", ".join(cell_name(*place) for place in places[:MAX_NOTED_CELLS])
    return shown + ", ..." * (len(places) > MAX_NOTED_CELLS)
