"""Bytes to text: BOM, UTF-8, UTF-16, and files that mix UTF-8 with windows-1252.

Reports the lines where they do.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field

from lib.errors import InputError

BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SAMPLE_BYTES = 200_000
"""How much of the bytes is used to detect an encoding."""


@dataclass(frozen=True)
class DecodedText:
    """A decoded text, its encoding, and the lines that were in another one."""

    text: str
    encoding: str
    odd_lines: list[int] = field(default_factory=list)


def decode(data: bytes, *, encoding: str = "") -> DecodedText:
    """Decode with a named encoding, else with the detected one. Raises InputError that names the line."""
    if encoding:
        return decode_as(data, encoding)
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return decode_as(data, name)
    if b"\0" in data:
        return decode_utf16_without_bom(data)
    try:
        return DecodedText(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return decode_line_by_line(data)


def decode_as(data: bytes, encoding: str) -> DecodedText:
    """Decode with a named encoding."""
    try:
        return DecodedText(data.decode(encoding), encoding.replace("-sig", " with BOM"))
    except LookupError as error:
        raise InputError(f"Unknown encoding {encoding!r}.", todo="Try utf-8, utf-16 or windows-1252.") from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"The bytes do not fit the encoding {encoding} ({error.reason}).",
            where=f"line {line}",
            todo="Choose another encoding.",
        ) from error


def decode_utf16_without_bom(data: bytes) -> DecodedText:
    """Decode UTF-16 without a BOM: over 30% of every other byte are NUL.

    Raises InputError for other NUL bytes.
    """
    sample = data[:SAMPLE_BYTES]
    for offset, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = sample[offset::2]
        if len(half) and half.count(0) > 0.3 * len(half):
            return decode_as(data, name)
    line = data[: data.index(b"\0")].count(b"\n") + 1
    raise InputError(
        "There is a NUL byte: this is no text file, or it is damaged.",
        where=f"line {line}",
        todo="Export the table again as CSV.",
    )


def decode_line_by_line(data: bytes) -> DecodedText:
    """Decode line by line where any non-ASCII line is UTF-8, other lines as windows-1252.

    Otherwise guess for the whole.
    """
    lines = data.split(b"\n")
    texts: list[str] = []
    odd: list[int] = []
    non_ascii = 0
    for number, line in enumerate(lines, start=1):
        try:
            texts.append(line.decode("utf-8"))
            non_ascii += not line.isascii()
        except UnicodeDecodeError:
            odd.append(number)
            texts.append(line.decode("cp1252", errors="replace") if may_be_cp1252(line) else line.decode("latin-1"))
    if non_ascii:
        return DecodedText("\n".join(texts), "utf-8, partly windows-1252", odd)
    return decode_by_guess(data)


def may_be_cp1252(line: bytes) -> bool:
    """Check whether a line can be windows-1252, which leaves five byte values undefined."""
    return not any(byte in line for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D))


def decode_by_guess(data: bytes) -> DecodedText:
    """Decode by charset-normalizer's guess; any Western single-byte encoding is read as windows-1252."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE_BYTES]).best()
    name = best.encoding if best is not None else "cp1252"
    if name in ("cp1250", "cp1252", "latin_1", "iso8859_15", "iso8859_1", "cp1254", "cp1257", "mac_roman", "cp1258"):
        name = "cp1252"  # single-byte Latin files are nearly always windows-1252 in the West; the page can change it
    try:
        return DecodedText(data.decode(name), "windows-1252" if name == "cp1252" else name)
    except (UnicodeDecodeError, LookupError):
        return DecodedText(data.decode("latin-1"), "latin-1")
