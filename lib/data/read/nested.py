"""Flatten columns of lists or objects: texts become columns, the rest is left out by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib.data.read.raw_table import cell_text
from lib.data.table import NoteKind, ReadNote
from lib.format import format_count

MAX_LIST_COLUMNS = 256
"""Most columns that one column of lists becomes: longer lists are tokens or vectors, not negatives."""


@dataclass(frozen=True)
class FlatColumns:
    """Columns of text by name, and notes on those that were unpacked or left out."""

    columns: dict[str, list[str]]
    notes: list[ReadNote] = field(default_factory=list)


def flatten_columns(columns: Mapping[str, Sequence[Any]], *, lines: Sequence[int]) -> FlatColumns:
    """Write every column as text; lists of texts become name, name_2, ..., deeper ones are left out.

    lines: of each row. All columns have as many values. A nested value among plain ones is read as an empty cell.
    """
    flat: dict[str, list[str]] = {}
    unpacked: dict[str, int] = {}
    left_out: dict[str, str] = {}
    notes: list[ReadNote] = []
    for name, values in columns.items():
        odd = _nested_rows(values)
        if odd:
            values = [None if isinstance(value, (list, dict)) else value for value in values]
            notes.append(_odd_note(name, [lines[row] for row in odd]))
        reason = nested_reason(values)
        if reason:
            left_out[name] = reason
        elif any(isinstance(value, list) for value in values):
            parts = unpack_lists(name, values, taken=columns.keys() | flat.keys())
            unpacked[name] = len(parts)
            flat |= parts
        else:
            flat[name] = [cell_text(value) for value in values]
    return FlatColumns(flat, [*unpacked_notes(unpacked), *left_out_notes(left_out), *notes])


def _nested_rows(values: Sequence[object]) -> list[int]:
    """Find the rows with objects or lists in a column of mostly plain values; [] for another one."""
    nested = [row for row, value in enumerate(values) if isinstance(value, (list, dict))]
    filled = sum(value is not None for value in values)
    if 2 * len(nested) >= filled or not nested_reason([values[row] for row in nested]):
        return []
    return nested


def _odd_note(name: str, lines: list[int]) -> ReadNote:
    first = ", ".join(map(str, lines[:5])) + ", ..." * (len(lines) > 5)
    text = f"“{name}” holds an object or a list in {format_count(len(lines), 'row')} ({first}): read as empty."
    return ReadNote(NoteKind.CELLS, text, (name,), tuple(lines))


def nested_reason(values: Iterable[object]) -> str:
    """Explain why a column can't become columns of text: "" if it can, else what it holds."""
    longest, has_text, has_list = 0, False, False
    for value in values:
        if isinstance(value, dict):
            return "is nested (objects)"
        if not isinstance(value, list):
            continue
        has_list = True
        longest = max(longest, len(value))
        for item in value:
            if isinstance(item, dict):
                return "is nested (lists of objects)"
            if isinstance(item, list):
                return "is nested (lists of lists)"
            has_text = has_text or isinstance(item, str)
    if not has_list:
        return ""
    if longest > MAX_LIST_COLUMNS:
        return f"is nested (lists of up to {longest:,} values)"
    return "" if has_text else "is nested (lists of numbers)" if longest else "is nested (empty lists)"


def unpack_lists(name: str, values: Sequence[object], *, taken: Iterable[str] = ()) -> dict[str, list[str]]:
    """Unpack lists into columns name, name_2, ... that avoid the names taken; "" where a list is shorter."""
    lists = [value if isinstance(value, list) else [] if value is None else [value] for value in values]
    width = max(map(len, lists))
    names, number, others = [name], 2, set(taken) - {name}
    while len(names) < width:
        if f"{name}_{number}" not in others:
            names.append(f"{name}_{number}")
        number += 1
    return {
        one: [cell_text(item[at]) if at < len(item) else "" for item in lists]
        for at, one in enumerate(names[: max(1, width)])
    }


def unpacked_notes(widths: dict[str, int]) -> list[ReadNote]:
    """Note the columns of lists that became columns of their own. widths: how many, by name."""
    if not widths:
        return []
    each = ", ".join(f"“{name}” ({width})" for name, width in widths.items())
    return [ReadNote(NoteKind.UNPACKED, f"Lists became columns of their own: {each}.", tuple(widths))]


def left_out_notes(reasons: dict[str, str]) -> list[ReadNote]:
    """Note the columns that were left out. reasons: what they hold, by name."""
    if not reasons:
        return []
    each = ", ".join(f"“{name}” {reason}" for name, reason in reasons.items())
    return [ReadNote(NoteKind.COLUMNS, f"Left out: {each}.", tuple(reasons))]
