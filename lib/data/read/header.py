"""Does the first row name the columns, and what are they called?"""

from __future__ import annotations

import re
from collections import Counter

from lib.data.columns.names import (
    ANCHOR_NAMES,
    GROUP_NAMES,
    NEGATIVE_NAME,
    PAIR_LABEL_NAMES,
    POSITIVE_NAMES,
    SCORE_NAMES,
    SPLIT_NAMES,
    TEXT_NAMES,
)
from lib.errors import InputError

MAX_HEADER_CHARACTERS = 60
"""A longer cell is a text, not the name of a column."""

HEADER_WORDS = frozenset(
    name
    for names in (ANCHOR_NAMES, POSITIVE_NAMES, TEXT_NAMES, PAIR_LABEL_NAMES, SCORE_NAMES, GROUP_NAMES, SPLIT_NAMES)
    for name in names
    if len(name) > 1
)
"""Words that name columns: a first row that has one of them is a header."""


def split_header(
    rows: list[list[str]], lines: list[int], header: bool | None
) -> tuple[list[str], list[list[str]], list[int], bool]:
    """Split rows into column names, rows, their lines, and whether there was a header.

    header: None detects it.

    Raises InputError when two columns have one name.
    """
    has_header = detect_header(rows) if header is None else header
    if has_header:
        return unique_column_names(rows[0]), rows[1:], lines[1:], True
    return [f"column {number}" for number in range(1, len(rows[0]) + 1)], rows, lines, False


def unique_column_names(row: list[str]) -> list[str]:
    """Strip the names and number the empty ones. Raises InputError when two are the same."""
    names = [name.strip() or f"column {number}" for number, name in enumerate(row, start=1)]
    for name, count in Counter(names).items():
        if count > 1:
            places = ", ".join(str(number) for number, other in enumerate(names, start=1) if other == name)
            raise InputError(
                f"{count} columns are called “{name}” (columns {places}).",
                where="line 1",
                todo="Give each column its own name.",
            )
    return names


def detect_header(rows: list[list[str]]) -> bool:
    """Decide whether the first row names the columns.

    It does with a known name, or with short distinct words unlike the rows below.
    """
    first = [cell.strip() for cell in rows[0]]
    if any(re.sub(r"[\s-]+", "_", cell.lower()) in HEADER_WORDS for cell in first):
        return True
    filled = [cell for cell in first if cell]
    if (
        len(set(filled)) < len(filled)
        or not filled
        or any(is_number(cell) or len(cell) > MAX_HEADER_CHARACTERS for cell in filled)
    ):
        return False
    below = [len(cell) for row in rows[1:51] for cell in row]
    median = sorted(below)[len(below) // 2] if below else 0
    wordy = sum(len(cell.split()) > 3 for cell in filled)
    return wordy == 0 and (not below or max(map(len, filled)) <= max(20, median))


def are_known_names(cells: list[str]) -> bool:
    """Check whether all cells are different names that columns of training data have."""
    keys = [re.sub(r"[\s-]+", "_", cell.strip().lower()) for cell in cells]
    known = all(key in HEADER_WORDS or NEGATIVE_NAME.fullmatch(key) for key in keys)
    return bool(keys) and known and len(set(keys)) == len(keys)


def is_number(cell: str) -> bool:
    """Check whether a cell is a number, decimal commas too."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
