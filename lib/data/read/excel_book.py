"""Open a workbook (XLSX): its sheets, its strings, and which number formats are dates."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from lib.errors import InputError
from lib.format import format_bytes
from lib.settings import MAX_FILE_BYTES

if TYPE_CHECKING:
    from openpyxl.reader.excel import ExcelReader

BOMB_RATIO = 200
BOMB_BYTES = 200_000_000
"""An archive that unpacks to more than both 200 times its size and 200 MB is taken for a zip bomb."""
HIDDEN_STATES = ("hidden", "veryHidden")
STRICT_NAMESPACE = b"http://purl.oclc.org/ooxml/"
"""Of the strict variant of Office Open XML (ISO/IEC 29500), which openpyxl does not read."""
OTHER_DOCUMENTS = {
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a PowerPoint document",
    "xl/workbook.bin": "a binary Excel workbook (.xlsb)",
}
"""A part of other Office documents, and what they are."""

_DAMAGE = (
    ParseError,
    zlib.error,
    zipfile.BadZipFile,
    *(EOFError, OSError, struct.error, NotImplementedError, RuntimeError, RecursionError),
    *(LookupError, AttributeError, TypeError, ValueError, ArithmeticError, AssertionError),
)
"""Of zipfile and of the XML parser; the last line is what openpyxl raises on XML that is whole and no workbook."""


@dataclass(frozen=True)
class SheetPart:
    """One sheet of cells: its name, its file in the archive, and whether it is hidden."""

    name: str
    path: str
    hidden: bool


@dataclass(frozen=True)
class ExcelBook:
    """An open workbook: its sheets of cells, and what their cells refer to.

    date_formats, duration_formats: numbers of the cell styles that write a number as such. epoch: day 0 of dates.
    has_styles: whether the styles could be read; without them dates are numbers.
    """

    archive: zipfile.ZipFile
    sheets: list[SheetPart]
    strings: list[str]
    epoch: Any
    date_formats: frozenset[int]
    duration_formats: frozenset[int]
    has_styles: bool = True


def is_xlsx(data: bytes) -> bool:
    """Check whether a ZIP archive holds a workbook."""
    return data.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in data[:4096] or b"xl/" in data[-65536:])


def open_book(data: bytes) -> ExcelBook:
    """Open a workbook. Raises InputError: damaged, locked, a bomb, another document, no cells."""
    from openpyxl.reader.excel import ExcelReader

    refuse_bomb(data)
    with name_damage():
        reader = ExcelReader(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        _refuse_other_document(reader.archive)
        reader.read_manifest()
        reader.read_strings()
        reader.read_workbook()
        has_styles = _read_styles(reader)
        sheets = [
            SheetPart(sheet.name, part.target, sheet.state in HIDDEN_STATES)
            for sheet, part in reader.parser.find_sheets()
            if "worksheet" in part.Type and part.target in reader.valid_files
        ]  # charts have sheets of their own, without cells
    if not sheets:
        raise InputError("The Excel file has no sheet with cells.", todo="Choose another file.")
    book = reader.wb
    dates, durations = frozenset(book._date_formats), frozenset(book._timedelta_formats)
    return ExcelBook(reader.archive, sheets, reader.shared_strings, book.epoch, dates, durations, has_styles)


def _read_styles(reader: ExcelReader) -> bool:
    """Read the styles, of which only the dates are needed; False where they are of no use."""
    from openpyxl.styles.stylesheet import apply_stylesheet

    try:
        apply_stylesheet(reader.archive, reader.wb)
    except _DAMAGE:
        return False
    return True


def _refuse_other_document(archive: zipfile.ZipFile) -> None:
    """Raise InputError for another Office document, or a workbook of the strict variant."""
    names = set(archive.namelist())
    for part, title in OTHER_DOCUMENTS.items():
        if part in names:
            raise InputError(f"This is {title}.", todo="Save its table as .xlsx or CSV, and upload that.")
    if "xl/workbook.xml" in names and STRICT_NAMESPACE in archive.read("xl/workbook.xml")[:4096]:
        raise InputError(
            "This is a workbook of the strict variant of Open XML.", todo="Save it as “Excel Workbook (.xlsx)”."
        )


def refuse_bomb(data: bytes) -> None:
    """Raise InputError for a damaged or locked archive, or one that unpacks to far more than it holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(item.file_size for item in archive.infolist())
            locked = any(item.flag_bits & 1 for item in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError("The Excel file is cut off or damaged.", todo="Copy or download it again.") from error
    if locked:
        raise InputError("The Excel file is password-protected.", todo="Save it without a password, and upload that.")
    if total > MAX_FILE_BYTES or (total > BOMB_BYTES and total > BOMB_RATIO * len(data)):
        raise InputError(
            f"The Excel file would unpack to {format_bytes(total)}, {total // max(1, len(data))} times its size.",
            todo="Save the sheet as CSV, and upload that.",
        )


@contextmanager
def name_damage() -> Iterator[None]:
    """Turn what zipfile, the XML parser and openpyxl raise on damaged bytes into InputError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out: pictures, validations, extensions
            yield
    except _DAMAGE as error:
        raise InputError(
            f"The Excel file is damaged ({type(error).__name__}: {str(error)[:120]}).",
            todo="Open it, save it again, and upload that.",
        ) from error
