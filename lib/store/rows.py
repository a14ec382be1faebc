"""Read rows of the database as values of the types that their columns have.

SQLite lets any column hold any value, and a file from somebody else does: a damaged cell counts as an empty one, so that it
hides neither its row nor others.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from lib.errors import StoreError

_Record = TypeVar("_Record")

MAX_STORED_CHARACTERS = 1_000_000
"""Of one cell; a longer text is cut. Several times the longest note that a page lets in."""

UNKNOWN_MOMENT = "1970-01-01T00:00:00+00:00"
"""Stands for a damaged moment of creation."""

_FIRST_YEAR, _LAST_YEAR = 1970, 2200
"""Moments that every system's clock, pandas and any time zone can hold."""


def read_row(row: sqlite3.Row) -> dict[str, Any]:
    """Read a row: its columns by name, each as its type."""
    return {name: _READS.get(name, read_text)(row[name]) for name in row.keys()}  # noqa: SIM118


def read_rows(rows: Iterable[sqlite3.Row], make: Callable[[sqlite3.Row], _Record]) -> tuple[list[_Record], list[str]]:
    """Make a record of each row, and a line for each of which none can be made.

    make: raises StoreError where it cannot; such a row hides no other.
    """
    made, problems = [], []
    for row in rows:
        try:
            made.append(make(row))
        except StoreError as error:
            problems.append(str(error))
    return made, problems


def read_text(value: Any) -> str:
    """Read a text; bytes and numbers become one, NULL an empty one."""
    if isinstance(value, bytes):
        value = value[: 4 * MAX_STORED_CHARACTERS].decode("utf-8", "replace")
    return "" if value is None else str(value)[:MAX_STORED_CHARACTERS]


def read_finite(value: Any) -> float:
    """Read a number; what is none, or infinite, is 0."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _read_id(value: Any) -> int | str:
    """Read a job's number, or the text that names a run or dataset."""
    return value if isinstance(value, int) else read_text(value)


def _read_optional_text(value: Any) -> str | None:
    return None if value is None else read_text(value)


def _read_created(value: Any) -> str:
    return _read_moment(value) or UNKNOWN_MOMENT


def _read_deleted(value: Any) -> str | None:
    """Read when a row was deleted: any value means that it was."""
    return None if value is None else _read_created(value)


def _read_moment(value: Any) -> str | None:
    """Read a moment with its time zone; None where it is none."""
    try:
        moment = datetime.fromisoformat(read_text(value))
    except ValueError:
        return None
    known = moment.tzinfo is not None and _FIRST_YEAR < moment.year < _LAST_YEAR
    return moment.isoformat() if known else None


_READS: dict[str, Callable[[Any], Any]] = {
    "id": _read_id,
    "job": _read_id,
    "key": _read_optional_text,
    "headline": _read_optional_text,
    "created": _read_created,
    "started": _read_moment,
    "ended": _read_moment,
    "deleted": _read_deleted,
    "position": read_finite,
    "spent": lambda value: max(0.0, read_finite(value)),
    "starred": lambda value: bool(read_finite(value)),
    "attempts": lambda value: int(read_finite(value)),
}
"""How a column is read, where it is no plain text."""
