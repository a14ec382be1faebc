"""Escape texts where they leave: for a terminal, for XML, and for a spreadsheet."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_TERMINAL_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0 and C1 controls but tab and line feed, bidirectional embeddings, overrides and isolates, lone surrogates.

ESC, OSC and CSI move the cursor, set titles or write the clipboard; a bidirectional override reorders what is read.
"""

_XML_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, not even as a reference (section 2.2, production Char)."""

_FORMULA_START = re.compile(
    r"[\s\x00-\x1f\x7f\xad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
    r"[=+\-@|\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b]|[\t\r\n]"
)
"""How a cell begins that a spreadsheet may run as a formula (OWASP, CSV injection).

Wide and small forms are included, and characters before it that are not seen: programs on the way drop some of them.
"""

_NUMBER_KINDS = "biufcmM"
"""numpy's kinds of numbers, truth values and times."""


def escape_controls(text: str, *, newlines: bool = True) -> str:
    r"""Write control characters as \u001b: nothing in the text can drive a terminal.

    The form is JSON's, so that a line of JSON stays the same value. newlines: escape line feeds too.
    """
    found = _TERMINAL_CONTROLS.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return found.replace("\n", "\\n") if newlines else found


def clean_xml(document: str) -> str:
    """Replace every character that XML cannot hold by U+FFFD."""
    return _XML_ILLEGAL.sub("\ufffd", document)


def escape_formula(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet may run as a formula."""
    return f"'{text}" if _FORMULA_START.match(text) else text


def to_csv(frame: pd.DataFrame, *, exact: bool = False) -> bytes:
    """Write a table as CSV in UTF-8 with a byte order mark, which spreadsheets look for.

    Every text is quoted, so that another separator splits none. exact: leave texts that begin like a formula as they are.
    """
    shown = frame if exact else _without_formulas(frame)
    text = shown.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return text.encode("utf-8-sig", errors="backslashreplace")


def _without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """Escape formulas in the texts and the names of the columns."""
    shown = frame.rename(columns=lambda name: escape_formula(str(name)))
    for place in range(shown.shape[1]):
        cells = shown.iloc[:, place]
        if cells.dtype.kind not in _NUMBER_KINDS:
            shown.isetitem(place, cells.astype(object).map(_escape_cell))
    return shown


def _escape_cell(cell: object) -> object:
    return escape_formula(cell) if isinstance(cell, str) else cell
