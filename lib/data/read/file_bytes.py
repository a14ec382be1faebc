"""The bytes of a file, unpacked within limits."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from lib.errors import InputError
from lib.format import format_bytes
from lib.settings import MAX_FILE_BYTES


def read_bytes(path: Path) -> bytes:
    """Read a file, gunzipped where it is gzip. Raises InputError: gone, empty, too large, truncated."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _too_large_error(size)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError("The file is not there any more.", where=path.name, todo="Choose it again.") from error
    except OSError as error:
        raise InputError(f"The file cannot be read ({error.strerror}).", where=path.name) from error
    return unpack_bytes(data)


def unpack_bytes(data: bytes) -> bytes:
    """Gunzip the bytes of a file where they are gzip. Raises InputError: empty, too large, truncated."""
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(data)
    if not data.strip(b" \t\r\n\xef\xbb\xbf"):
        raise InputError("The file is empty.", todo="Choose another one.")
    return data


def _gunzip(data: bytes) -> bytes:
    """Unpack gzip. Raises InputError where it is truncated, damaged or larger than the limit."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            unpacked = file.read(MAX_FILE_BYTES + 1)
    except EOFError as error:
        raise InputError("The gzip file is cut off: its end is missing.", todo="Copy or download it again.") from error
    except (OSError, zlib.error) as error:
        raise InputError(f"The gzip file is damaged ({error}).", todo="Copy or download it again.") from error
    if len(unpacked) > MAX_FILE_BYTES:
        raise _too_large_error(len(unpacked))
    return unpacked


def _too_large_error(size: int) -> InputError:
    """Make the error for a file beyond the limit."""
    return InputError(
        f"The file holds {format_bytes(size)}; {format_bytes(MAX_FILE_BYTES)} are the limit.",
        todo="Split it, or take a sample of its rows.",
    )
