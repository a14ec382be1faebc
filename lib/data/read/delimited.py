"""Read delimited text to rows with line numbers.

Keeps quotes that are characters and finds those that never close.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field, replace

from lib.data.read.dialect import Dialect, detect_dialect, find_rival, measure_evenness
from lib.data.read.encoding import decode
from lib.data.read.error_words import clear_error_words
from lib.data.read.header import split_header
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable
from lib.data.table import NoteKind, ReadNote
from lib.errors import InputError
from lib.format import format_count
from lib.settings import MAX_CELL_CHARACTERS, MAX_COLUMNS, MAX_ROWS

SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\1*[ ]*(?:\r\n|\n|\r)", re.IGNORECASE)
"""Excel's own first line, which names the separator of the rest."""
LONE_RETURN = re.compile(r"\r(?!\n)")
PLACEHOLDERS = [chr(code) for code in range(0xFDD0, 0xFDF0)]
"""One that the text lacks stands for carriage returns inside cells while it is parsed: code points without a character."""


@dataclass(frozen=True)
class ParsedRows:
    """Rows that are not blank and the lines they begin on.

    long: first and last line of the rows over several. mended: lines with a cell that goes on after its quote closed.
    failure: why parsing ended before the end.
    """

    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    long: list[tuple[int, int]] = field(default_factory=list)
    mended: list[int] = field(default_factory=list)
    failure: InputError | None = None


def read_delimited(data: bytes, options: ReadOptions) -> RawTable:
    """Read delimited text.

    Raises InputError that names the line: unclosed quote, too many columns, too long a cell.
    """
    decoded = decode(data, encoding=options.encoding)
    text = decoded.text.lstrip("\ufeff")
    notes = list(decoded.notes)
    named = SEPARATOR_LINE.match(text)
    skip = options.skip or 0
    if named and not skip:
        skip = 1
        notes.append(ReadNote(NoteKind.SEPARATOR, f"The first line names the separator: {named[1]!r}.", lines=(1,)))
    text = skip_lines(text, skip)
    separator = options.separator or (named[1] if named else "")
    dialect = detect_dialect(text, separator=separator, quote=options.quote)
    if not separator:
        notes += _rival_notes(text, dialect)
    check_column_count(text, dialect.separator)
    text = clear_null_marks(text, dialect.separator)
    text, placeholder = hide_lone_returns(text, dialect)
    parsed, dialect, quote_notes = parse_by_best_quote(text, dialect, detect=options.quote is None)
    if not parsed.rows:
        raise InputError("The file is empty.", todo="Choose another one.")
    if placeholder:
        parsed = replace(parsed, rows=[[cell.replace(placeholder, "\r") for cell in row] for row in parsed.rows])
    lines = [line + skip for line in parsed.lines] if skip else parsed.lines
    headed = split_header(parsed.rows, lines, options.header, find_title=options.skip is None)
    wrong = fit_row_widths(headed.rows, headed.lines, len(headed.columns), dialect.separator)
    errors = clear_error_words(headed.rows, headed.lines) if "#" in text or "Err:" in text else []
    return RawTable(
        headed.columns,
        headed.rows,
        headed.lines,
        header=headed.header,
        encoding=decoded.encoding,
        separator=dialect.separator,
        quote=dialect.quote,
        wrong_width=wrong,
        odd_lines=decoded.odd_lines,
        notes=[*notes, *_shift(quote_notes, skip), *headed.notes, *errors],
    )


def _rival_notes(text: str, dialect: Dialect) -> list[ReadNote]:
    """Name another separator that fits every row as well as the one that was taken."""
    rival = find_rival(text, dialect)
    if rival is None:
        return []
    taken, other = (f"“{one}”" if one != "\t" else "a tab" for one in (dialect.separator, rival[0]))
    what = f"The separator is uncertain: {taken} is taken, and {other} would give {rival[1]} columns in every row, too."
    return [ReadNote(NoteKind.SEPARATOR, f"{what} Choose it if the columns look wrong.", (rival[0],))]


def _shift(notes: list[ReadNote], lines: int) -> list[ReadNote]:
    return [replace(note, lines=tuple(line + lines for line in note.lines)) for note in notes]


def skip_lines(text: str, count: int) -> str:
    """Cut the first lines off. Raises InputError when the text has no more than those."""
    if not count:
        return text
    source = io.StringIO(text, newline="")
    for _ in range(count):
        source.readline()
    rest = source.read()
    if not rest.strip():
        raise InputError(f"There is nothing below the first {format_count(count, 'line')}.", todo="Skip fewer lines.")
    return rest


def clear_null_marks(text: str, separator: str) -> str:
    """Empty the cells that hold \\N alone: so MySQL, PostgreSQL and Hive write no value."""
    if "\\N" not in text:
        return text
    one = re.escape(separator)
    before = rf"(?:(?<=[\r\n{one}]\\N)|(?<=\A\\N))"  # after the mark, so that the search jumps from mark to mark
    return re.sub(rf"\\N{before}(?=[\r\n{one}]|\Z)", "", text)


def hide_lone_returns(text: str, dialect: Dialect) -> tuple[str, str]:
    """Put a placeholder for carriage returns inside cells, where other line ends end the rows.

    They are inside cells when rows come out as even that way as when they end rows. The placeholder is "" for none.
    """
    first = re.search(r"\r\n|\n|\r", text)
    if first is None or first[0] == "\r" or not LONE_RETURN.search(text):
        return text, ""
    placeholder = next(char for char in PLACEHOLDERS if char not in text)
    hidden = LONE_RETURN.sub(placeholder, text)
    is_even = measure_evenness(hidden, dialect).score >= measure_evenness(text, dialect).score - 1e-9
    return (hidden, placeholder) if is_even else (text, "")


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


def parse_by_best_quote(text: str, dialect: Dialect, *, detect: bool) -> tuple[ParsedRows, Dialect, list[ReadNote]]:
    """Parse rows with the dialect's quote, or with none where quotes turn out to be characters.

    detect: whether another quote may be tried. Raises InputError where a quote never closes.
    """
    parsed = parse_rows(text, dialect)
    if detect and dialect.quote and dialect.quote in text and _may_be_characters(parsed, dialect):
        bare = replace(dialect, quote="", initial_space=False)
        plain = parse_rows(text, bare)
        if quotes_are_characters(parsed, plain, dialect):
            what = f"Quotes ({dialect.quote}) are read as characters: as quotes they would join lines or lose text."
            return plain, bare, [ReadNote(NoteKind.QUOTE, what)]
    if parsed.failure is not None:
        raise parsed.failure
    return parsed, dialect, _mended_notes(parsed.mended)


def _may_be_characters(parsed: ParsedRows, dialect: Dialect) -> bool:
    return bool(parsed.failure or parsed.long or parsed.mended or dialect.separator == "\t")


def _mended_notes(lines: list[int]) -> list[ReadNote]:
    if not lines:
        return []
    first = ", ".join(map(str, lines[:5])) + ", ..." * (len(lines) > 5)
    text = f"{format_count(len(lines), 'row')} with text after a closing quote: the quotes are kept ({first})."
    return [ReadNote(NoteKind.QUOTE, text, lines=tuple(lines))]


def quotes_are_characters(quoted: ParsedRows, plain: ParsedRows, dialect: Dialect) -> bool:
    """Decide whether quotes are characters: rows are even without them, and quoting fails or joins.

    It joins lines, or cells of rows that are then narrower than the header. In tab-separated text (PAWS-X, GLUE, STS) that
    is enough, or that a few cells are quoted without need. Elsewhere no cell may be enclosed, and at least two begin with a
    quote: one alone is a slip, which has to be named.
    """
    if plain.failure is not None or not plain.rows:
        return False
    counts = Counter(map(len, plain.rows[:1000]))
    width = counts.most_common(1)[0][0]
    joined = {line for first, last in quoted.long for line in range(first, last + 1)}
    above = 1 if plain.lines[0] not in joined else 0  # a title may be narrower
    if width < max(2, len(plain.rows[0])) or any(len(row) != width for row in plain.rows[above:]):
        return False
    quote = dialect.quote
    enclosed = [cell for row in plain.rows for cell in row if len(cell) > 1 and cell[0] == quote == cell[-1]]
    is_narrow = any(len(row) == width for row in quoted.rows[:1]) and any(len(row) < width for row in quoted.rows)
    fails = bool(quoted.failure or quoted.long or quoted.mended or is_narrow)
    if dialect.separator == "\t":
        return fails or _are_unneeded(enclosed, plain.rows, quote)
    begin = sum(cell[:1] == quote for row in plain.rows for cell in row)
    return fails and not enclosed and begin >= 2


def _are_unneeded(enclosed: list[str], rows: list[list[str]], quote: str) -> bool:
    """Check whether a minority of cells is enclosed, none of which needs it: no writer does that."""
    if not enclosed or any(quote in cell[1:-1] for cell in enclosed):
        return False
    columns = {at for row in rows for at, cell in enumerate(row) if len(cell) > 1 and cell[0] == quote == cell[-1]}
    return 2 * len(enclosed) < len(rows) * len(columns)


def parse_rows(text: str, dialect: Dialect) -> ParsedRows:
    """Parse all rows that are not blank; a single line that breaks the rules of quotes is mended.

    Raises InputError for too long a cell or too many rows.
    """
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    rows: list[list[str]] = []
    lines: list[int] = []
    long: list[tuple[int, int]] = []
    mended: list[int] = []
    source, begin = dialect.reader(text, strict=True), 1
    physical: list[str] = []
    while True:
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
            return ParsedRows(rows, lines, long, mended)
        except csv.Error as error:
            if "expected after" not in str(error) or source.line_num > begin:
                return ParsedRows(rows, lines, long, mended, _parse_error(error, dialect, begin, source.line_num))
            physical = physical or io.StringIO(text, newline="").readlines()
            width = len(rows[0]) if rows else 0
            rows.append(split_loosely(physical[begin - 1].rstrip("\r\n"), dialect, width))
            lines.append(begin)
            mended.append(begin)
            begin = source.line_num + 1


def _parse_error(error: csv.Error, dialect: Dialect, begin: int, end: int) -> InputError:
    """Make the error for a row: a quote that never closes or swallowed rows, too long a cell."""
    if "expected after" in str(error):
        return InputError(
            f"A quote opens in this row and is never closed; the next one stands inside a cell on line {end}.",
            where=f"line {begin}",
            todo="Close it, double quotes inside a cell, or choose “no quotes”.",
        )
    if dialect.quote and ("unexpected end" in str(error) or ("limit" in str(error) and end > begin)):
        return InputError(
            "A quote opens in this row and is never closed.",
            where=f"line {begin}",
            todo="Close it, double it, or choose “no quotes”.",
        )
    return InputError(
        f"A cell has more than {MAX_CELL_CHARACTERS:,} characters." if "limit" in str(error) else f"{error}.",
        where=f"line {begin}",
        todo="A quote that is never closed, or another separator, is the usual cause.",
    )


def split_loosely(line: str, dialect: Dialect, width: int) -> list[str]:
    """Split a line in which a cell goes on after its quote closed: such a cell keeps its quotes.

    width: of the other rows. Where cells come out as too many, a quote closes only before a separator or the line's end.
    """
    quote, separator = re.escape(dialect.quote), re.escape(dialect.separator)
    closed = rf"{quote}((?:[^{quote}]|{quote}{quote})*){quote}[ ]*(?={separator}|$)"
    shortest = rf"{quote}(.*?){quote}[ ]*(?={separator}|$)"
    longest = rf"{quote}(.*){quote}[ ]*(?={separator}|$)"
    cells: list[str] = []
    for pattern in (closed, shortest, longest):
        cells = [
            one[1].replace(dialect.quote * 2, dialect.quote) if one[1] is not None else one[2]
            for one in re.finditer(rf"(?:^|{separator})(?:{pattern}|([^{separator}]*))", line)
        ]
        if not width or len(cells) == width:
            break
    return cells


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
