"""Ids in place of texts, as MS MARCO's triples and qrels have them: refused, with where the texts are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lib.data.read.dataset_formats.records import Records
from lib.data.read.header import is_number
from lib.data.read.raw_table import RawTable, cell_text
from lib.errors import InputError

_ID = r"[A-Za-z]{0,3}[-_]?\d{1,20}(\.\d+)?"
ID_PATTERN = re.compile(_ID)
"""A number, or one behind a few letters: 7187158, D1555982, q12."""
ID_LIST = re.compile(rf"{_ID}([,;\s]+{_ID})*")
"""A cell of one id or several."""
MIN_ROWS = 10
"""Fewer rows may be numbers by chance."""
ID_SAMPLE_ROWS, MAX_LEAVES = 200, 10_000
"""Rows that are looked at, and values in the lists of a column."""
LIST_NAME = re.compile(
    r"(hard_?)?(pos|neg)((i|a)tives?)?s?(_?(p|d|doc|passage)?_?(ids?|docs?|passages?))?|(p|doc|passage)_?ids"
)
"""Names of columns that hold the documents of a query."""
TEXTS_ADVICE = (
    "Upload a file that holds the texts themselves. MS MARCO has them in collection.tsv and queries.train.tsv "
    "(upload these two with a qrels file), and in triples.train.small.tsv."
)


def is_id_map(value: Mapping[str, Any]) -> bool:
    """Detect an object from ids to ids alone.

    {"12": [7187158, ...]}, or {"q1": {"d7": 1}} as pytrec_eval has it.
    """
    sample = dict(islice(value.items(), ID_SAMPLE_ROWS))
    are_nested = all(isinstance(one, (list, dict)) for one in sample.values())
    return len(sample) >= MIN_ROWS and are_nested and all(map(ID_PATTERN.fullmatch, sample)) and not _has_text(sample)


def is_id_lists(records: Records) -> bool:
    """Detect lists of ids: as the documents of a query, or in a file that holds no text."""
    sample = {name: values[:ID_SAMPLE_ROWS] for name, values in records.columns.items()}
    texts = [name for name, values in sample.items() if _has_text(values)]
    lists = [
        name
        for name, values in sample.items()
        if name not in texts and any(isinstance(one, (list, dict)) and one for one in values)
    ]
    if not texts and lists and len(records) >= MIN_ROWS and len(sample) > 1:
        return True
    classes = [
        name for name in sample.keys() - {*texts, *lists} if 2 * len(set(map(str, sample[name]))) <= len(sample[name])
    ]
    return len(texts) + len(classes) < 2 and any(LIST_NAME.fullmatch(name.casefold()) for name in lists)


def _has_text(value: object) -> bool:
    """Check whether a value holds anything but ids and numbers, in lists and objects, too."""
    return any(not (ID_PATTERN.fullmatch(leaf) or is_number(leaf)) for leaf in islice(_leaves(value), MAX_LEAVES))


def _leaves(value: object) -> Iterator[str]:
    """List the filled values in lists and objects as texts."""
    if isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    elif value not in (None, ""):
        yield cell_text(value).strip()


def refuse_id_lists(records: Records) -> Records:
    """Raise InputError that says where the texts of the ids are."""
    nested = [one for values in records.columns.values() for one in values if isinstance(one, (list, dict))]
    raise InputError(
        f"There are ids in place of texts: lists of ids or numbers ({', '.join(islice(_leaves(nested), 3))}, ...).",
        where=f"line {records.lines[0]}",
        todo=TEXTS_ADVICE,
    )


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
    if not all(ID_LIST.fullmatch(cell.strip()) for row in rows for cell in row):
        return False
    distinct = [len({row[at] for row in rows}) for at in range(width)]
    return sum(2 * count > len(rows) for count in distinct) >= 2


def refuse_ids(tables: Sequence[tuple[str, RawTable]]) -> RawTable:
    """Raise InputError that says where the texts of the ids are."""
    name, table = next(one for one in tables if _is_ids(one[1]))
    raise InputError(
        f"There is no text: all columns hold ids or numbers ({', '.join(table.rows[0][:4])}).",
        where=name if len(tables) > 1 else f"line {table.lines[0]}",
        todo=TEXTS_ADVICE,
    )
