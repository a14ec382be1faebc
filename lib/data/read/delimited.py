"""Delimited text to rows: which separator, whether there is a header, and every row with the line it begins on."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import Literal

from lib.data.columns import guess
from lib.data.read.raw import RawTable
from lib.errors import InputError
from lib.settings import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROWS

CANDIDATE_SEPARATORS = (",", "\t", ";", "|")
DIALECT_CHARACTERS = 200_000
DIALECT_ROWS = 100
MAX_HEADER_CHARACTERS = 60
HEADER_WORDS = frozenset(
    name
    for names in (
        guess.ANCHOR_NAMES,
        guess.POSITIVE_NAMES,
        guess.TEXT_NAMES,
        guess.PAIR_LABEL_NAMES,
        guess.SCORE_NAMES,
        guess.GROUP_NAMES,
        guess.SPLIT_NAMES,
    )
    for name in names
    if len(name) > 1
)
"""Words that name columns: a first row that has one of them is a header."""


def read_delimited(text: str, *, separator: str = "", quote: str = '"', header: bool | None = None) -> RawTable:
    """Return the rows of a delimited text. Raises InputError that names the line: unclosed quote, too wide, too long."""
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    separator = separator or detect_separator(text, quote)
    check_column_count(text, separator)
    rows, lines = parse_rows(text, separator, quote)
    if not rows:
        raise InputError("The file is empty.", todo="Choose another one.")
    has_header = detect_header(rows) if header is None else header
    columns = unique_column_names(rows[0]) if has_header else [f"column {n}" for n in range(1, len(rows[0]) + 1)]
    if has_header:
        rows, lines = rows[1:], lines[1:]
    wrong = fit_row_widths(rows, lines, len(columns), separator)
    facts = {"separator": separator, "quote": quote, "header": has_header}
    return RawTable(columns, rows, lines, wrong, facts)


def detect_separator(text: str, quote: str) -> str:
    """Return the separator under which the first rows have the same number of cells, and more than one."""
    sample = text[:DIALECT_CHARACTERS]
    best, best_score = ",", 0.0
    for candidate in CANDIDATE_SEPARATORS:
        if candidate not in sample:
            continue
        widths = count_cells(sample, candidate, quote)
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = (count / len(widths)) * (1 + min(width, 12) / 100) if width > 1 else 0.0
        if score > best_score + 1e-9:
            best, best_score = candidate, score
    return best


def count_cells(sample: str, separator: str, quote: str) -> list[int]:
    """Return the number of cells of the first rows, without the last one: the sample may have cut it."""
    widths = []
    csv.field_size_limit(DIALECT_CHARACTERS + 1)
    try:
        for row in csv_reader(sample, separator, quote):
            if row:
                widths.append(len(row))
            if len(widths) > DIALECT_ROWS:
                break
    except csv.Error:
        return []
    return widths[:-1] or widths


def check_column_count(text: str, separator: str) -> None:
    """Refuse a first line with more cells than the limit before anything is parsed."""
    first = text[: text.find("\n") if "\n" in text else len(text)]
    width = first.count(separator) + 1
    if width > MAX_COLUMNS:
        raise InputError(
            f"The first line has about {width:,} columns; {MAX_COLUMNS:,} are the limit.",
            where="line 1",
            todo="Keep the two or three columns that training needs, or choose another separator.",
        )


def csv_reader(text: str, separator: str, quote: str, *, strict: bool = False):
    """Return Python's csv reader over a text."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, quotechar=quote or None, quoting=quoting, strict=strict
    )


def parse_rows(text: str, separator: str, quote: str) -> tuple[list[list[str]], list[int]]:
    """Return all rows that are not blank, and the lines they begin on."""
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    rows: list[list[str]] = []
    lines: list[int] = []
    long: list[tuple[int, int]] = []
    source, begin = csv_reader(text, separator, quote), 1
    try:
        for row in source:
            if row and (len(row) > 1 or row[0].strip()):
                rows.append(row)
                lines.append(begin)
                if source.line_num > begin:
                    long.append((begin, source.line_num))
            begin = source.line_num + 1
            if len(rows) > MAX_ROWS:
                raise InputError(f"The file has more than {MAX_ROWS:,} rows.", todo="Split it, or take a sample.")
    except csv.Error as error:
        check_last_quote_closed(text, begin, separator, quote)
        raise InputError(
            f"A cell has more than {MAX_CELL_CHARACTERS:,} characters." if "limit" in str(error) else f"{error}.",
            where=f"line {begin}",
            todo="A quote that is never closed, or another separator, is the usual cause.",
        ) from error
    if rows:
        check_last_quote_closed(text, lines[-1], separator, quote)
    check_no_row_swallowed(text, long, separator, quote)
    return rows, lines


def check_no_row_swallowed(text: str, long: list[tuple[int, int]], separator: str, quote: str) -> None:
    """Raise InputError for a row over several lines (first, last) whose quote closes inside a cell: it swallowed rows."""
    source = text.split("\n") if long else []
    for first, last in long:
        row = "\n".join(source[first - 1 : last])
        try:
            for _ in csv_reader(row, separator, quote, strict=True):
                pass
        except csv.Error as error:
            raise InputError(
                f"A quote opens in this row and is never closed; the next one stands inside a cell on line {last}.",
                where=f"line {first}",
                todo="Close it, double quotes inside a cell, or choose “no quotes”.",
            ) from error


def check_last_quote_closed(text: str, begin: int, separator: str, quote: str) -> None:
    """Raise InputError when the quote that opens in the row at this line is never closed."""
    if not quote:
        return
    tail = text.split("\n", begin - 1)[-1]
    if quote not in tail:
        return
    try:
        for _ in csv_reader(tail, separator, quote, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end" in str(error) or "limit" in str(error):
            raise InputError(
                "A quote opens in this row and is never closed.",
                where=f"line {begin}",
                todo="Close it, double it, or choose “no quotes”.",
            ) from error


def unique_column_names(row: list[str]) -> list[str]:
    """Return column names: stripped, numbered where empty. Raises InputError when two are the same."""
    found = [name.strip() or f"column {number}" for number, name in enumerate(row, start=1)]
    for name, count in Counter(found).items():
        if count > 1:
            places = ", ".join(str(n) for n, other in enumerate(found, start=1) if other == name)
            raise InputError(
                f"{count} columns are called “{name}” (columns {places}).",
                where="line 1",
                todo="Give each column its own name.",
            )
    return found


def detect_header(rows: list[list[str]]) -> bool:
    """Say whether the first row names the columns: short, distinct, no numbers, and unlike the rows below."""
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
    usual = sorted(below)[len(below) // 2] if below else 0
    wordy = sum(len(cell.split()) > 3 for cell in filled)
    return wordy == 0 and (not below or max(map(len, filled)) <= max(20, usual))


def is_number(cell: str) -> bool:
    """Say whether a cell is a number."""
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def fit_row_widths(rows: list[list[str]], lines: list[int], width: int, separator: str) -> list[int]:
    """Bring every row to the header's width in place and return the lines of those that were not.

    Missing cells become empty, surplus ones join the last: nothing is lost before the person has decided.
    """
    wrong = []
    for row, line in zip(rows, lines, strict=True):
        if len(row) == width:
            continue
        wrong.append(line)
        if len(row) < width:
            row += [""] * (width - len(row))
        else:
            row[width - 1 :] = [separator.join(row[width - 1 :])]
    return wrong
