"""Read delimited text to rows with line numbers.

Detects the separator and finds quotes that never close.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Literal

from lib.data.read.encoding import decode
from lib.data.read.header import split_header
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable
from lib.errors import InputError
from lib.settings import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROWS

if TYPE_CHECKING:
    from _csv import Reader

CANDIDATE_SEPARATORS = (",", "\t", ";", "|")
DIALECT_CHARACTERS, DIALECT_ROWS = 200_000, 100
"""How much of the text, in characters and rows, decides on the separator."""


def read_delimited(data: bytes, options: ReadOptions) -> RawTable:
    """Read delimited text.

    Raises InputError that names the line: unclosed quote, too many columns, too long a cell.
    """
    decoded = decode(data, encoding=options.encoding)
    text, quote = decoded.text.lstrip("\ufeff"), options.quote
    text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    separator = options.separator or detect_separator(text, quote)
    check_column_count(text, separator)
    rows, lines = parse_rows(text, separator, quote)
    if not rows:
        raise InputError("The file is empty.", todo="Choose another one.")
    columns, rows, lines, has_header = split_header(rows, lines, options.header)
    return RawTable(
        columns,
        rows,
        lines,
        header=has_header,
        encoding=decoded.encoding,
        separator=separator,
        quote=quote,
        wrong_width=fit_row_widths(rows, lines, len(columns), separator),
        odd_lines=decoded.odd_lines,
        notes=decoded.notes,
    )


def detect_separator(text: str, quote: str) -> str:
    """Detect the separator: the one with which most of the first rows have equally many cells, over one.

    Score: the share of rows of the commonest width, plus up to 12% for more columns, so that of two that fit the finer wins.
    """
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
    """Count the cells of the first rows, without the last one, which the sample may have cut."""
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
    """Raise InputError for a first line with more cells than the limit, before anything is parsed."""
    first = text[: text.find("\n") if "\n" in text else len(text)]
    width = first.count(separator) + 1
    if width > MAX_COLUMNS:
        raise InputError(
            f"The first line has about {width:,} columns; {MAX_COLUMNS:,} are the limit.",
            where="line 1",
            todo="Keep the two or three columns that training needs, or choose another separator.",
        )


def csv_reader(text: str, separator: str, quote: str, *, strict: bool = False) -> Reader:
    """Make Python's csv reader over a text."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    return csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, quotechar=quote or None, quoting=quoting, strict=strict
    )


def parse_rows(text: str, separator: str, quote: str) -> tuple[list[list[str]], list[int]]:
    """Parse all rows that are not blank, with the lines they begin on."""
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
    """Raise InputError for a quoted cell that swallowed rows.

    Such a row spans several lines (first, last), and its quote closes inside a cell.
    """
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


def fit_row_widths(rows: list[list[str]], lines: list[int], width: int, separator: str) -> list[int]:
    """Bring every row to the header's width in place and list the lines of those that were not.

    Missing cells become empty, surplus cells are joined to the last column: no text is lost.
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
