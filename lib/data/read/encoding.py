"""Bytes to text: UTF-8, UTF-16 with and without a BOM, older encodings, and mixtures with UTF-8.

Reports the lines where they do.
"""

from __future__ import annotations

import codecs
import unicodedata
from dataclasses import dataclass, field

from lib.data.read.detect_encoding import DetectedEncoding, detect_encoding, encoding_title
from lib.data.table import NoteKind, ReadNote
from lib.errors import InputError

UTF8_MARK = codecs.BOM_UTF8
BYTE_ORDER_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE_BYTES = 200_000
"""How much of the bytes is used to detect UTF-16."""
REFUSED_CODECS = frozenset(["undefined", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf_7"])
"""Codecs of Python that no table is written in, and that make characters which cannot be stored."""


@dataclass(frozen=True)
class DecodedText:
    """A decoded text, its encoding, the lines that were in another one, and notes for the user."""

    text: str
    encoding: str
    odd_lines: list[int] = field(default_factory=list)
    notes: list[ReadNote] = field(default_factory=list)


def decode(data: bytes, *, encoding: str = "") -> DecodedText:
    """Decode with a named encoding, else with the detected one. Raises InputError that names the line."""
    if encoding:
        return decode_as(data, encoding)
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return decode_as(data, name)
    has_mark = data.startswith(UTF8_MARK)
    name = "utf-8 with BOM" if has_mark else "utf-8"
    data = data[len(UTF8_MARK) :] if has_mark else data
    if b"\0" in data:
        return decode_utf16_without_bom(data)
    try:
        return DecodedText(data.decode("utf-8"), name)
    except UnicodeDecodeError:
        return decode_line_by_line(data)


def decode_as(data: bytes, encoding: str) -> DecodedText:
    """Decode with a named encoding."""
    try:
        if codecs.lookup(encoding).name.replace("-", "_") in REFUSED_CODECS:
            raise LookupError(encoding)
        text = data.decode(encoding)
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise _misfit_error(data, encoding, error) from error
        raise InputError(f"Unknown encoding {encoding!r}.", todo="Try utf-8, utf-16 or windows-1252.") from error
    return DecodedText(text, encoding)


def _misfit_error(data: bytes, encoding: str, error: UnicodeDecodeError) -> InputError:
    line = data[: error.start].count(b"\n") + 1
    return InputError(
        f"The bytes do not fit the encoding {encoding} ({error.reason}).",
        where=f"line {line}",
        todo="Choose another encoding.",
    )


def decode_utf16_without_bom(data: bytes) -> DecodedText:
    """Decode UTF-16 or UTF-32 without a BOM: line ends show in one byte order only.

    Raises InputError for other NUL bytes, and for UTF-16 that is damaged.
    """
    for name in ("utf-32-le", "utf-32-be"):
        text = _decode_or_none(data, name)
        if text is not None:
            return DecodedText(text, name, notes=[_unmarked_note(name)])
    sample = data[: _SAMPLE_BYTES // 2 * 2]
    name, share = max(
        ((name, _plain_share(sample, name)) for name in ("utf-16-le", "utf-16-be")), key=lambda pair: pair[1]
    )
    if share > 0:
        text = _decode_or_none(data, name)
        if text is None:
            raise InputError(
                "This looks like UTF-16 without a byte order mark, and it is cut off or damaged.",
                where=f"encoding {name}",
                todo="Save the table again as UTF-8.",
            )
        return DecodedText(text, name, notes=[_unmarked_note(name)])
    line = data[: data.index(b"\0")].count(b"\n") + 1
    raise InputError(
        "There is a NUL byte: this is no text file, or it is damaged.",
        where=f"line {line}",
        todo="Export the table again as CSV.",
    )


def _unmarked_note(name: str) -> ReadNote:
    return ReadNote(NoteKind.ENCODING, f"Read as {name}, though the file has no byte order mark.", (name,))


def _decode_or_none(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _plain_share(sample: bytes, name: str) -> float:
    """Compute the share of ASCII in a decoded sample; 0 where no table can have been written so.

    In the wrong byte order "\\n" is U+0A00 and a space U+2000, and in UTF-8 with a NUL by accident hardly any byte
    is one.
    """
    text = sample.decode(name, errors="replace")
    if "\n" not in text and "\r" not in text:
        return 0.0
    bad = sum(char == "\0" or unicodedata.category(char) in ("Cn", "Co") for char in text[:20_000])
    plain = sum(char < "\x80" for char in text[:20_000])
    return plain / max(1, len(text[:20_000])) if bad * 20 < len(text[:20_000]) and plain else 0.0


def decode_line_by_line(data: bytes) -> DecodedText:
    """Decode line by line where most lines outside ASCII are UTF-8, else all in one encoding.

    A single-byte text hardly ever has a line that is valid UTF-8 by accident; one of two-byte characters may.
    """
    lines = data.split(b"\n")
    texts: list[str] = []
    odd: list[int] = []
    utf8 = 0
    for number, line in enumerate(lines, start=1):
        try:
            texts.append(line.decode("utf-8"))
            utf8 += not line.isascii()
        except UnicodeDecodeError:
            odd.append(number)
            texts.append("")
    if not utf8:
        return _decode_detected(data, detect_encoding(data))
    if utf8 < len(odd):
        whole = detect_encoding(data)
        if whole.language:
            return _decode_detected(data, whole)
    found = detect_encoding(b"\n".join(lines[number - 1] for number in odd))
    for number in odd:
        texts[number - 1] = _normalize(lines[number - 1].decode(found.encoding), found.encoding)
    return DecodedText("\n".join(texts), f"utf-8, partly {encoding_title(found.encoding)}", odd)


def _decode_detected(data: bytes, found: DetectedEncoding) -> DecodedText:
    title = encoding_title(found.encoding)
    why = "by its words" if found.language else "though no language fits"
    note = ReadNote(NoteKind.ENCODING, f"Read as {title} {why}; choose another encoding if they look wrong.", (title,))
    return DecodedText(_normalize(data.decode(found.encoding), found.encoding), title, notes=[note])


def _normalize(text: str, encoding: str) -> str:
    """Compose letters and tone marks, which windows-1258 stores apart."""
    return unicodedata.normalize("NFC", text) if encoding == "cp1258" else text
