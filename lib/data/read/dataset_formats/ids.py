"""Ids in place of texts, as MS MARCO's triples and qrels have them: refused, with where the texts are."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lib.data.read.raw_table import RawTable
from lib.errors import InputError

ID_PATTERN = re.compile(r"(?=\S*\d)[A-Za-z]{0,3}[-_]?\d{1,20}(\.\d+)?")
"""A number, or one behind a few letters: 7187158, D1555982, q12."""
MIN_ROWS = 10
"""Fewer rows may be numbers by chance."""
ID_SAMPLE_ROWS = 200


def is_ids_only(tables: Sequence[tuple[str, RawTable]]) -> bool:
    """Detect a file of which every column holds ids or numbers, two of them distinct ids."""
    return any(_is_ids(table) for _, table in tables)


def _is_ids(table: RawTable) -> bool:
    rows = table.rows[:ID_SAMPLE_ROWS]
    if len(table.columns) == 1:
        rows = [row[0].split() for row in rows]
    width = len(rows[0]) if rows else 0
    if len(rows) < MIN_ROWS or width < 2 or any(len(row) != width for row in rows):
        return False
    if not all(ID_PATTERN.fullmatch(cell.strip()) for row in rows for cell in row):
        return False
    distinct = [len({row[at] for row in rows}) for at in range(width)]
    return sum(2 * count > len(rows) for count in distinct) >= 2


def refuse_ids(tables: Sequence[tuple[str, RawTable]]) -> RawTable:
    """Raise InputError that says where the texts of the ids are."""
    name, table = next(one for one in tables if _is_ids(one[1]))
    raise InputError(
        f"There is no text: all columns hold ids or numbers ({', '.join(table.rows[0][:4])}).",
        where=name if len(tables) > 1 else f"line {table.lines[0]}",
        todo="Upload a file that holds the texts themselves. MS MARCO has them in collection.tsv and queries.train.tsv "
        "(upload these two with a qrels file), and in triples.train.small.tsv.",
    )
