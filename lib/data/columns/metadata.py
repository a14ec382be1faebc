"""Columns that describe a row (language, product, category), stored but never read by a model.

They colour and filter the map, and results are compared by their values.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from lib.data.columns.mapping import ColumnMapping, Examples
from lib.data.columns.profile import profile_columns

METADATA_PREFIX = "meta:"
"""Begin of such a column's name in an examples table: a person's column may be called anything."""

MAX_METADATA_COLUMNS = 12
"""Stored columns, the first in the file: each is one more text for every row."""

MAX_VALUES = 50
"""Distinct values above which a column names things rather than groups of rows."""

MIN_ROWS_A_VALUE = 4
"""Rows that a value has on average; below, a group has no held-out pairs to speak of."""

MAX_VALUE_CHARACTERS = 60


def choose_metadata(frame: pd.DataFrame, mapping: ColumnMapping) -> list[str]:
    """Choose the columns of a table without a role whose few short values repeat.

    The group column may be one of them.
    """
    used = {name for names in mapping.roles.values() for name in names} | {mapping.part}
    free = frame[[name for name in frame.columns if name not in used]]
    likely = [one.name for one in profile_columns(free) if one.distinct <= MAX_VALUES and not one.is_link]
    return [name for name in likely if _has_groups(frame[name])][:MAX_METADATA_COLUMNS]


def _has_groups(cells: pd.Series) -> bool:
    counts = _strip(cells).value_counts().drop("", errors="ignore")
    is_short = all(len(str(value)) <= MAX_VALUE_CHARACTERS for value in counts.index)
    return is_short and 2 <= len(counts) <= MAX_VALUES and int(counts.sum()) >= MIN_ROWS_A_VALUE * len(counts)


def add_metadata(examples: Examples, frame: pd.DataFrame, names: Sequence[str]) -> Examples:
    """Add columns of the table that the examples were made of; those it lacks are empty."""
    cells = {
        METADATA_PREFIX + name: _strip(frame[name]).to_numpy() if name in frame else [""] * len(examples.frame)
        for name in names
    }
    added = pd.DataFrame(cells, index=examples.frame.index, dtype="str")
    return Examples(examples.shape, pd.concat([examples.frame, added], axis=1))


def metadata_columns(frame: pd.DataFrame) -> dict[str, str]:
    """List the stored columns of a dataset's frame: the person's name -> the frame's name."""
    stored = [str(name) for name in frame.columns if str(name).startswith(METADATA_PREFIX)]
    return {name.removeprefix(METADATA_PREFIX): name for name in stored}


def group_columns(frame: pd.DataFrame) -> dict[str, str]:
    """List the columns by whose values results can be compared, as `metadata_columns`.

    Datasets of earlier versions stored the group column alone.
    """
    stored = metadata_columns(frame)
    if not stored and "group" in frame and _has_groups(frame["group"]):
        return {"group": "group"}
    return stored


def _strip(cells: pd.Series) -> pd.Series:
    return cells.astype("str").fillna("").str.strip()
