"""One sheet of an Excel file (XLSX) to rows."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from lib.data.read.header import split_header
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable, cell_text
from lib.data.table import NoteKind, ReadNote
from lib.errors import InputError
from lib.format import format_bytes
from lib.settings import MAX_COLUMNS, MAX_FILE_BYTES

if TYPE_CHECKING:
    from openpyxl import Workbook

BOMB_RATIO = 200
BOMB_BYTES = 200_000_000
"""An archive that unpacks to more than both 200 times its size and 200 MB is taken for a zip bomb."""


_DAMAGE = (
    ParseError,
    zlib.error,
    zipfile.BadZipFile,
    *(EOFError, OSError, struct.error),
    *(KeyError, IndexError, AttributeError, TypeError, ValueError, OverflowError),
)
"""Of zipfile and of the XML parser; the last line is what openpyxl raises on XML that is whole and no workbook."""


def is_xlsx(data: bytes) -> bool:
    """Check whether a ZIP archive holds a workbook."""
    return data.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in data[:4096] or b"xl/" in data[-65536:])


def read_xlsx(data: bytes, options: ReadOptions) -> RawTable:
    """Read the chosen sheet, else the first that holds a table. Lines are the sheet's row numbers."""
    from openpyxl import load_workbook

    refuse_bomb(data)
    with _name_damage():
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        names = [sheet.title for sheet in book.worksheets]  # charts have sheets of their own, without rows
    if options.sheet and options.sheet not in names:
        raise InputError(f"There is no sheet “{options.sheet}”.", todo=f"There are: {', '.join(names)}.")
    with _name_damage():
        name, rows, lines = _read_sheet(book, [options.sheet] if options.sheet else names, skip=options.skip or 0)
    headed = split_header(rows, lines, options.header, find_title=options.skip is None)
    return RawTable(
        headed.columns,
        headed.rows,
        headed.lines,
        header=headed.header,
        sheet=name,
        sheets=names,
        notes=[*headed.notes, *_describe_sheets(name, names)],
    )


def _read_sheet(book: Workbook, names: list[str], *, skip: int) -> tuple[str, list[list[str]], list[int]]:
    """Read the first sheet that has two columns, which examples need, else the first with any rows.

    A cover page has one column. Returns the name, rows of one width and their row numbers.
    """
    first = None
    for name in names:
        rows, lines = _filled_rows(book[name].iter_rows(values_only=True), skip=skip)
        if not rows:
            continue
        sheet = (name, _equal_width(rows), lines)
        if len(sheet[1][0]) > 1:
            return sheet
        first = first or sheet
    if first is None:
        raise InputError("The Excel file has no filled cells.", todo="Choose another file or sheet.")
    return first


def _describe_sheets(name: str, names: list[str]) -> list[ReadNote]:
    """Name the sheets that were not read."""
    others = tuple(one for one in names if one != name)
    shown = ", ".join(f"“{one}”" for one in others)
    return [ReadNote(NoteKind.SHEET, f"Read the sheet “{name}”; not read: {shown}.", others)] if others else []


def refuse_bomb(data: bytes) -> None:
    """Raise InputError for a damaged or locked archive, or one that unpacks to far more than it holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(item.file_size for item in archive.infolist())
            locked = any(item.flag_bits & 1 for item in archive.infolist())
    except zipfile.BadZipFile as error:
        raise InputError("The Excel file is cut off or damaged.", todo="Copy or download it again.") from error
    if locked:
        raise InputError("The Excel file is password-protected.", todo="Save it without a password, and upload that.")
    if total > MAX_FILE_BYTES or (total > BOMB_BYTES and total > BOMB_RATIO * len(data)):
        raise InputError(
            f"The Excel file would unpack to {format_bytes(total)}, {total // max(1, len(data))} times its size.",
            todo="Save the sheet as CSV, and upload that.",
        )


@contextmanager
def _name_damage() -> Iterator[None]:
    """Turn what zipfile, the XML parser and openpyxl raise on damaged bytes into InputError."""
    try:
        yield
    except _DAMAGE as error:
        raise InputError(
            f"The Excel file is damaged ({type(error).__name__}: {error}).",
            todo="Open it, save it again, and upload that.",
        ) from error


def _filled_rows(cells: Iterable[tuple[object, ...]], *, skip: int) -> tuple[list[list[str]], list[int]]:
    """Collect the rows below the skipped ones that hold anything as text, and their row numbers."""
    rows, lines = [], []
    for number, row in enumerate(cells, start=1):
        texts = [cell_text(cell) for cell in row[: MAX_COLUMNS + 1]]
        if any(texts) and number > skip:
            rows.append(texts)
            lines.append(number)
    return rows, lines


def _equal_width(rows: list[list[str]]) -> list[list[str]]:
    """Bring all rows to one width, without the columns at the right edge that are formatted but empty."""
    width = max(len(row) for row in rows)
    while width > 1 and not any(len(row) >= width and row[width - 1] for row in rows):
        width -= 1
    return [(row + [""] * width)[:width] for row in rows]
