"""What the formats work on: values of any kind by column and row, before they become text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib.data.read.raw_table import RawTable, cell_text
from lib.data.table import NoteKind, ReadNote
from lib.format import format_count

MAX_NOTED_LINES = 5
"""Lines that a note names; the others are counted."""


MIN_FITTING = 0.9
"""Share of a column's filled values that have to fit a format: a few odd rows don't change what a file is."""


@dataclass(frozen=True)
class Records:
    """Columns of equally many values, as JSON or Arrow hold them, and the line of each row."""

    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int]
    notes: list[ReadNote] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Iterate over the rows as line and values by column."""
        names = list(self.columns)
        for line, values in zip(self.lines, zip(*self.columns.values(), strict=True), strict=True):
            yield line, dict(zip(names, values, strict=True))

    def has(self, *names: str) -> bool:
        """Check whether there are columns of all these names."""
        return all(name in self.columns for name in names)

    def holds(self, name: str, kind: type | tuple[type, ...], *, of: type | None = None) -> bool:
        """Check whether the filled values of a column are of a kind, and those of its lists of another one.

        MIN_FITTING of them are enough: readers name the rows with other ones.
        """
        filled = fitting = 0
        for value in self.columns.get(name, ()):
            filled += value is not None
            fitting += isinstance(value, kind) and (
                of is None or not isinstance(value, list) or all(isinstance(item, of) for item in value)
            )
        return fitting > 0 and fitting >= MIN_FITTING * filled


class RowCollector:
    """Collects rows of examples under a growing set of columns, and the lines of those that give none."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.lines: list[int] = []
        self.skipped: dict[str, list[int]] = {}

    def add(self, line: int, values: dict[str, Any]) -> None:
        """Add one row by column; a column that it lacks is empty."""
        self.rows.append(values)
        self.lines.append(line)

    def skip(self, line: int, reason: str) -> None:
        """Leave a row of the file out. reason: as it stands behind "rows"."""
        self.skipped.setdefault(reason, []).append(line)

    def records(self, *notes: ReadNote | None) -> Records:
        """Make records of the rows, with the notes and one for each reason of rows that were left out."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        columns = {name: [row.get(name) for row in self.rows] for name in names}
        reasons = [
            format_note(f"Left out: {format_count(len(lines), 'row')} {reason} ({shown_lines(lines)}).", lines=lines)
            for reason, lines in self.skipped.items()
        ]
        return Records(columns, self.lines, [*(note for note in notes if note), *reasons])


@dataclass(frozen=True)
class DatasetFormat:
    """One format of this field."""

    title: str
    """As its users call it; what a report stores as `format`."""
    holds: str
    """What its files hold, in a few words: by this it is recognised."""
    matches: Callable[[Records], bool] | None = None
    """Whether the records of one file have its look."""
    read: Callable[[Records], Records] | None = None
    """Makes one row an example of them."""
    matches_files: Callable[[Sequence[tuple[str, RawTable]]], bool] | None = None
    """Whether tables of several files, by name, belong together, or are a part of such a set."""
    read_files: Callable[[Sequence[tuple[str, RawTable]]], RawTable] | None = None
    """Joins them; raises InputError that says which are missing."""
    nested: tuple[str, ...] = ()
    """Names of its columns that hold objects, which other readers leave out."""


def format_note(text: str, *, names: Iterable[str] = (), lines: Iterable[int] = ()) -> ReadNote:
    """Make a note on what a format holds beside its examples."""
    return ReadNote(NoteKind.FORMAT, text, tuple(names), tuple(lines))


def unused_note(records: Records, reasons: dict[str, str]) -> ReadNote | None:
    """Name the columns that are not read, with what they are; None where there are none. reasons: by name."""
    unused = {name: reason for name, reason in reasons.items() if name in records.columns}
    if not unused:
        return None
    each = ", ".join(f"“{name}” ({reason})" for name, reason in unused.items())
    return ReadNote(NoteKind.COLUMNS, f"Left out: {each}.", tuple(unused))


def shown_lines(lines: Sequence[int]) -> str:
    """Write the first lines: "lines 3, 5, ..."."""
    word = "line" if len(lines) == 1 else "lines"
    return f"{word} {', '.join(map(str, lines[:MAX_NOTED_LINES]))}{', ...' * (len(lines) > MAX_NOTED_LINES)}"


def list_objects(value: object) -> list[dict[str, Any]]:
    """List the objects in a list; none of any other value."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def list_texts(value: object) -> list[str]:
    """List the filled texts of a value: a text alone, a list of texts, or passages with title and text."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return [text for text in map(passage_text, items) if text.strip()]


def passage_text(item: object) -> str:
    """Write a passage as one text, title first, as Tevatron and DPR do; else the value itself."""
    if not isinstance(item, dict):
        return "" if isinstance(item, list) else cell_text(item)
    parts = (cell_text(item.get(name)).strip() for name in ("title", "text"))
    return " ".join(part for part in parts if part)


def number_columns(name: str, texts: Sequence[str]) -> dict[str, str]:
    """Name texts as columns: name, name_2, name_3, ..."""
    return {name if at == 1 else f"{name}_{at}": text for at, text in enumerate(texts, start=1)}
