"""What a file is, by its first bytes and never by its name; and its bytes, unpacked within limits."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

from lib.errors import InputError
from lib.settings import MAX_FILE_BYTES

EXPORT = "Export it as CSV, Excel, JSON or Parquet, then upload that."
OTHERS: tuple[tuple[bytes, str], ...] = (
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
    (b"\x80\x04\x95", "a Python pickle, which could run code,"),
    (b"\x80\x05\x95", "a Python pickle, which could run code,"),
)
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes, gunzipped if they are gzip. Raises InputError: gone, empty, too large, truncated."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise too_large(size)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError("The file is not there any more.", where=path.name, todo="Choose it again.") from error
    except OSError as error:
        raise InputError(f"The file cannot be read ({error.strerror}).", where=path.name) from error
    if data[:2] == b"\x1f\x8b":
        data = gunzip(data)
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise InputError("The file is empty.", todo="Choose another one.")
    return data


def gunzip(data: bytes) -> bytes:
    """Return the unpacked bytes; refuse what is truncated, damaged, or grows beyond the limit."""
    import io

    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            unpacked = file.read(MAX_FILE_BYTES + 1)
    except EOFError as error:
        raise InputError("The gzip file is cut off: its end is missing.", todo="Copy or download it again.") from error
    except (OSError, zlib.error) as error:
        raise InputError(f"The gzip file is damaged ({error}).", todo="Copy or download it again.") from error
    if len(unpacked) > MAX_FILE_BYTES:
        raise too_large(len(unpacked))
    return unpacked


def too_large(size: int) -> InputError:
    """Return the error for a file beyond the limit."""
    return InputError(
        f"The file holds {size / 1e9:.1f} GB; {MAX_FILE_BYTES / 1e9:.0f} GB are the limit.",
        todo="Split it, or take a sample.",
    )


def kind_of(data: bytes) -> str:
    """Return xlsx, parquet, json, xml or text. Raises InputError that says what else it is."""
    for mark, name in OTHERS:
        if data.startswith(mark):
            raise InputError(f"This is {name} rather than a table.", todo=EXPORT)
    if data.startswith(OLD_OFFICE):
        raise InputError(
            "This is an old or password-protected Office file.",
            todo="Open it, save it as .xlsx without a password, and upload that.",
        )
    if data.startswith(b"PK\x03\x04"):
        if b"[Content_Types].xml" in data[:4096] or b"xl/" in data[-65536:]:
            return "xlsx"
        raise InputError("This is a ZIP archive.", todo="Unpack it and upload the files in it.")
    if data.startswith(b"PAR1"):
        return "parquet"
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"[", b"{"):
        return "json"
    if re.match(rb"<[?!A-Za-z]", head) and b">" in head:
        return "xml"
    return "text"
