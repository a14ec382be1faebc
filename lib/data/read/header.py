"""The row that names the columns: which one it is, the title rows above it, and its names."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from lib.data.columns import names as column_names
from lib.data.columns.names import column_key
from lib.data.table import NoteKind, ReadNote
from lib.errors import InputError
from lib.format import format_count

MAX_HEADER_CHARACTERS, MAX_HEADER_WORDS = 60, 7
"""A longer cell is a text, not the name of a column."""
MAX_TITLE_ROWS = 20
"""Rows above the header that are looked at."""
SAMPLE_ROWS = 100
"""Rows below the header that it is compared with."""
OTHER_NAMES = frozenset(
    [
        "id",
        "ids",
        "no",
        "nr",
        "num",
        "number",
        "index",
        "idx",
        "row",
        "url",
        "link",
        "date",
        "time",
        "year",
        "author",
        "source",
        "language",
        "lang",
        "comment",
        "comments",
        "note",
        "notes",
        "status",
        "type",
        "name",
        "value",
        "values",
        "weight",
        "count",
        "probability",
        "prob",
        "annotator",
        "worker",
        "domain",
        "genre",
        "metadata",
        "meta",
        "tags",
        "keywords",
        "translation",
        "meaning",
        "definition",
        "example",
        "explanation",
        "reason",
        "reasoning",
        "rationale",
    ]
)
"""Names of columns that play no role, but tell a header from a row of data."""
_IDENTIFIER = re.compile(r"[A-Za-z]+([_.][A-Za-z0-9]+)+|[a-z]+([A-Z][a-z0-9]+)+|[A-Za-z]+_?\d+")
_ADDRESS = re.compile(r"[a-z]+://|www\.|\S+@\S+\.\S")
_DIGITS = re.compile(r"\d+")
_IDEOGRAPHS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")

HEADER_WORDS = OTHER_NAMES | {
    name
    for group in ("ANCHOR", "POSITIVE", "TEXT", "LABEL", "PAIR_LABEL", "SCORE", "GROUP", "SPLIT")
    for name in getattr(column_names, f"{group}_NAMES")
    if len(name) > 1
}
"""Words that name columns, as `column_key` spells them."""


@dataclass(frozen=True)
class HeadedRows:
    """Column names, the rows below them with their lines, and whether the file has a header."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    header: bool
    notes: list[ReadNote] = field(default_factory=list)


def split_header(
    rows: list[list[str]], lines: list[int], header: bool | None, *, find_title: bool = True
) -> HeadedRows:
    """Split rows into column names and the rest, without title rows above them.

    header: None detects it. find_title: whether rows above the header may be skipped, where it is detected.

    Raises InputError when two columns have one name.
    """
    notes = []
    first = count_title_rows(rows) if find_title and header is None else 0
    if first:
        notes.append(title_note(rows[:first], lines[:first]))
        rows, lines = rows[first:], lines[first:]
    has_header = detect_header(rows) if header is None else header
    if not has_header:
        return HeadedRows([f"column {number}" for number in range(1, len(rows[0]) + 1)], rows, lines, False, notes)
    names = _widen(rows[0], rows[1 : SAMPLE_ROWS + 1])
    return HeadedRows(unique_column_names(names, line=lines[0]), rows[1:], lines[1:], True, notes)


def title_note(rows: list[list[str]], lines: list[int]) -> ReadNote:
    """Note the rows above the table that were skipped, with their texts."""
    title = " ".join(" ".join(filter(None, (cell.strip() for cell in row))) for row in rows)
    short = title if len(title) <= 80 else f"{title[:79]}…"
    return ReadNote(
        NoteKind.SKIPPED, f"Skipped {format_count(len(rows), 'row')} above the table: “{short}”.", lines=tuple(lines)
    )


def _widen(first: list[str], below: list[list[str]]) -> list[str]:
    """Add a nameless column to a header that nearly all rows exceed by one cell.

    In front where the first cells are row numbers or names (R writes such files), else at the end.
    """
    width = len(first) + 1
    if len(below) < 3 or sum(len(row) == width for row in below) < 0.9 * len(below):
        return first
    begin = [row[0].strip() for row in below if len(row) == width]
    end = [row[-1].strip() for row in below if len(row) == width]
    if any(end) and len(set(begin)) == len(begin) and all(len(cell.split()) <= 1 for cell in begin):
        return ["", *first]
    return [*first, ""]


def unique_column_names(row: list[str], *, line: int = 1) -> list[str]:
    """Clean the names and number the empty ones. Raises InputError when two are the same."""
    names = [clean_column_name(name) or f"column {number}" for number, name in enumerate(row, start=1)]
    for name, count in Counter(names).items():
        if count > 1:
            numbers = ", ".join(str(number) for number, other in enumerate(names, start=1) if other == name)
            raise InputError(
                f"{count} columns are called “{name}” (columns {numbers}).",
                where=f"line {line}",
                todo="Give each column its own name.",
            )
    return names


def clean_column_name(name: str) -> str:
    """Write a name as it looks: no invisible characters, blanks and line ends as single spaces."""
    visible = "".join(char for char in name if unicodedata.category(char) != "Cf" or char == "\u200c")
    return " ".join("".join(" " if unicodedata.category(char) == "Cc" else char for char in visible).split())


def count_title_rows(rows: list[list[str]]) -> int:
    """Count the rows above the header: the first row that looks like names over the rows that follow.

    Rows above it are narrower than the table, comments that begin with "# ", or of any width where all the cells of the
    header are known names: "Report:,FAQ" above "Question,Answer".
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:SAMPLE_ROWS]]
    width = Counter(filled).most_common(1)[0][0]
    if width < 2:
        return 0
    if above := _count_rows_above_known_names(rows, filled, width):
        return above
    is_comment = rows[0][0].lstrip().startswith("# ")
    if not is_comment and (filled[0] >= width or (filled[0] > 1 and header_score(rows[0], rows[1:SAMPLE_ROWS]) >= 2)):
        return 0
    for at in range(1, min(MAX_TITLE_ROWS, len(rows) - 1)):
        if rows[at][0].lstrip().startswith("# ") and is_comment:
            continue
        if filled[at] < max(2, width - 1) or (not is_comment and filled[at] <= max(filled[:at])):
            continue
        if header_score(rows[at], rows[at + 1 : at + SAMPLE_ROWS]) > 0:
            return at
        # a title over rows without a header: only where it is a line of its own, not a row with empty cells
        return at if is_comment or all(len(row) == 1 for row in rows[:at]) and len(rows[at]) > 1 else 0
    return 0


def _count_rows_above_known_names(rows: list[list[str]], filled: list[int], width: int) -> int:
    """Count the rows above one of known names alone.

    0 where the first row looks like names, too, or there is none.
    """
    if any(column_key(cell) in HEADER_WORDS for cell in rows[0]):
        return 0
    for at in range(1, min(MAX_TITLE_ROWS, len(rows) - 1)):
        if filled[at] == width and are_known_names([cell for cell in rows[at] if cell.strip()]):
            return at
    return 0


def detect_header(rows: list[list[str]]) -> bool:
    """Decide whether the first row names the columns: most files have a header, so a tie is one."""
    first = [clean_column_name(cell) for cell in rows[0]]
    filled = [cell for cell in first if cell]
    if not filled:
        return False
    if len(set(filled)) < len(filled):
        return all(column_key(cell) in HEADER_WORDS for cell in filled)
    if are_known_names(filled):
        return True  # also where it stands again below, as in files that were written one behind the other
    return header_score(rows[0], rows[1 : SAMPLE_ROWS + 1]) > -0.5


def header_score(first: list[str], below: list[list[str]]) -> float:
    """Score how much a row looks like names over the rows that follow: above 0 it does, below it is data."""
    cells = [clean_column_name(cell) for cell in first]
    columns = [[row[at].strip() for row in below if at < len(row) and row[at].strip()] for at in range(len(cells))]
    if [cell for cell in cells if cell] in (
        [str(n) for n in range(len(cells))],
        [str(n) for n in range(len(cells) - 1)],
    ):
        texts = sum(not _is_numeric(column) for column in columns if column)
        return 2.0 * texts if len(below) > 1 and texts > 1 else -4.0  # pandas numbers columns without names from 0
    return sum(_cell_score(cell, column) for cell, column in zip(cells, columns, strict=True) if cell)


def _cell_score(cell: str, column: list[str]) -> float:
    """Score one cell over the filled cells below it: known names, and what sets it apart from them."""
    if is_number(cell):
        return -4.0
    numeric = _is_numeric(column)
    if not numeric and (_ADDRESS.match(cell) or _has_pattern(cell, column)):
        return -4.0
    words = count_words(cell)
    if len(cell) > MAX_HEADER_CHARACTERS or words > MAX_HEADER_WORDS or (words > 4 and cell[-1] in ".?!。？！"):
        return 1.0 if numeric else -4.0
    score = 2.0 if column_key(cell) in HEADER_WORDS else 0.0
    score += 1.0 if not score and _IDENTIFIER.fullmatch(cell) else 0.0
    score -= 1.0 if words > 4 else 0.0
    if numeric:
        return score + 2.0
    distinct = set(column)
    if len(column) >= 8 and 3 * len(distinct) <= len(column):  # classes: the first row's would stand below it, too
        return score + (-5.0 if cell in distinct else 1.0)
    if cell in distinct:
        return -1.0
    below = sorted(map(count_words, column[:SAMPLE_ROWS]))
    return score + (1.0 if below and below[len(below) // 2] >= 4 and words <= 3 else 0.0)


def _has_pattern(cell: str, column: list[str]) -> bool:
    """Check whether a cell is one of the cells below it but for its digits: row 1, row 2, row 3."""
    pattern, digits = _DIGITS.subn("0", cell)
    return digits > 0 and 2 * sum(_DIGITS.sub("0", clean_column_name(one)) == pattern for one in column) > len(column)


def count_words(text: str) -> float:
    """Count the words of a text; in scripts without blanks two letters count as one."""
    return max(len(text.split()), len(_IDEOGRAPHS.findall(text)) / 2)


def _is_numeric(column: list[str]) -> bool:
    return bool(column) and sum(map(is_number, column)) >= 0.9 * len(column)


def are_known_names(cells: list[str]) -> bool:
    """Check whether all cells are different names that columns of training data have."""
    keys = [column_key(cell) for cell in cells]
    known = all(key in HEADER_WORDS or column_names.NEGATIVE_NAME.fullmatch(key) for key in keys)
    return bool(keys) and known and len(set(keys)) == len(keys)


def is_number(cell: str) -> bool:
    """Check whether a cell is a number, decimal commas and percent too."""
    try:
        float(cell.rstrip("% ").replace(",", "."))
    except ValueError:
        return False
    return True
