"""The table of file formats: title, first bytes that identify it, and reader of each.

To add one: write `read_<format>(data, options) -> RawTable` in a module of this folder and add its record to FORMATS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lib.data.read.columnar import is_arrow, is_parquet, read_arrow, read_parquet
from lib.data.read.delimited import read_delimited
from lib.data.read.excel import read_xlsx
from lib.data.read.excel_book import is_xlsx
from lib.data.read.json_records import is_json, read_json
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable
from lib.errors import InputError


@dataclass(frozen=True)
class FileFormat:
    """One file format. Extensions only help to choose a file: what it holds is decided by `matches`."""

    kind: str
    """Key of the format in what is stored about a dataset."""
    titles: tuple[str, ...]
    extensions: tuple[str, ...]
    matches: Callable[[bytes], bool]
    read: Callable[[bytes, ReadOptions], RawTable]
    binary: bool = False
    """Whether it cannot be read as text: else a chosen separator means delimited text."""


DELIMITED = FileFormat("text", ("CSV", "TSV"), ("csv", "tsv", "txt"), lambda data: True, read_delimited)
FORMATS = (
    FileFormat("xlsx", ("Excel",), ("xlsx",), is_xlsx, read_xlsx, binary=True),
    FileFormat("json", ("JSON", "JSON Lines"), ("json", "jsonl", "ndjson"), is_json, read_json),
    FileFormat("parquet", ("Parquet",), ("parquet",), is_parquet, read_parquet, binary=True),
    FileFormat("arrow", ("Arrow",), ("arrow", "feather"), is_arrow, read_arrow, binary=True),
    DELIMITED,
)
"""All formats in the order they are tried; delimited text, which anything can be, comes last."""

CONTAINERS = ("gz", "zip")
"""What a file of any format may be packed in."""
EXTENSIONS = (*DELIMITED.extensions, *(name for one in FORMATS[:-1] for name in one.extensions), *CONTAINERS)
"""Every extension that a file chooser offers."""

OTHER_CONTENT: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture or sound file"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"FEA1", "a Feather file of version 1"),
    (b"\x80\x04\x95", "a Python pickle, which could run code,"),
    (b"\x80\x05\x95", "a Python pickle, which could run code,"),
)
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of what is no table, and what it is called."""

OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument"
"""How the zip of an OpenDocument file begins: its first file holds what it is (OpenDocument 1.3, part 2, section 3.3)."""

XML_START = re.compile(rb"<[?!A-Za-z][^>]*>")


def format_names() -> str:
    """Write the names of all formats as one phrase: CSV, TSV, Excel, ... or Arrow."""
    names = [*DELIMITED.titles, *(title for one in FORMATS[:-1] for title in one.titles)]
    return f"{', '.join(names[:-1])} or {names[-1]}"


def detect_format(data: bytes, *, separator: str = "") -> FileFormat:
    """Detect the format by the first bytes; a chosen separator means delimited text.

    Raises InputError for any other format.
    """
    for one in FORMATS:
        if one.binary and one.matches(data):
            return one
    _refuse_other_content(data)
    if separator:
        return DELIMITED
    if XML_START.match(data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")):
        raise InputError(
            "This is XML or HTML rather than a table.",
            todo=f"{_export_advice()} If it is delimited text, choose its separator.",
        )
    return next(one for one in FORMATS if not one.binary and one.matches(data))


def _refuse_other_content(data: bytes) -> None:
    """Raise InputError that says what else the file is."""
    for mark, name in OTHER_CONTENT:
        if data.startswith(mark):
            raise InputError(f"This is {name} rather than a table.", todo=_export_advice())
    if data.startswith(OLD_OFFICE):
        raise InputError(
            "This is an old or password-protected Office file.",
            todo="Open it, save it as .xlsx without a password, and upload that.",
        )
    if data.startswith(b"PK\x03\x04") and OPEN_DOCUMENT in data[:200]:
        raise InputError(
            "This is an OpenDocument file (.ods).", todo="Save its table as .xlsx or CSV, and upload that."
        )
    if data.startswith(b"PK\x03\x04"):
        raise InputError("This is a ZIP archive in another one.", todo="Unpack it and upload the files in it.")


def _export_advice() -> str:
    return f"Export it as {format_names()}, then upload that."
