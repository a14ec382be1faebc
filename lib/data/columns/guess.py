"""Guess what the columns of a table mean, from their names first and their content second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from lib.data.columns.mapping import SPLIT_WORDS, ColumnMapping
from lib.data.columns.names import (
    DISTANCE_NAMES,
    GROUP_NAMES,
    LABEL_NAMES,
    NEGATIVE_NAME,
    NLI_NAMES,
    PAIR_LABEL_NAMES,
    PLACEHOLDER_NAME,
    SCORE_NAMES,
    SPLIT_NAMES,
    TEXT_NAMES,
    TITLE_NAMES,
)
from lib.data.columns.pair_columns import (
    find_by_name,
    is_named_text,
    is_titled_text,
    named_pair,
    numbered_pair,
    ordered_pair,
)
from lib.data.columns.profile import ColumnProfile, profile_columns
from lib.data.columns.value_columns import guess_value, value_candidates, value_shape
from lib.data.table import Table
from lib.errors import InputError
from lib.shapes import TEXT_COLUMNS, VALUE_COLUMN, Shape

Roles = dict[str, tuple[str, ...]]
"""Canonical column -> the table's columns that it is read from."""


def guess_mapping(table: Table) -> ColumnMapping:
    """Guess shape and roles. Raises InputError for a table of fewer than two columns."""
    frame = table.frame
    if frame.shape[1] < 2:
        raise InputError(
            "The table has only one column.",
            todo="Examples need two text columns, or a text and its class. If the file has more, choose its separator.",
        )
    columns = profile_columns(frame)
    part = _part(columns)
    rest = [column for column in columns if column.name != part]
    mapping = _triplets(rest) or _pair(frame, rest) or _labelled_texts(rest) or _by_content(frame, rest)
    used = {column for columns_ in mapping.roles.values() for column in columns_}
    group = _group([column for column in rest if column.name not in used], triplets=mapping.shape is Shape.TRIPLETS)
    return replace(mapping, group=group, part=table.report.split_column)


def guess_roles(table: Table, shape: Shape) -> ColumnMapping:
    """Guess the roles for a chosen shape; roles for which no column fits stay empty."""
    return replace(_guess_roles(table, shape), part=table.report.split_column)


def _guess_roles(table: Table, shape: Shape) -> ColumnMapping:
    best = _guess_or_none(table)
    if best.shape is shape:
        return best
    columns = profile_columns(table.frame)
    texts = [name for role in best.texts for name in best.roles.get(role, ())]
    texts += [column.name for column in sorted(columns, key=lambda column: -column.characters) if column.is_text]
    texts = list(dict.fromkeys(texts))
    roles: Roles = {role: (text,) for role, text in zip(TEXT_COLUMNS[shape], texts, strict=False)}
    used = {name for names in roles.values() for name in names}
    rest = [column for column in columns if column.name not in used]
    value = VALUE_COLUMN[shape]
    if value is None:
        return ColumnMapping(shape, roles, group=best.group)
    names = (*SCORE_NAMES, *DISTANCE_NAMES) if value == "score" else (*PAIR_LABEL_NAMES, *LABEL_NAMES)
    found = find_by_name(rest, names) or _few_values(rest, value)
    if found is None:
        return ColumnMapping(shape, roles)
    return guess_value(table.frame, ColumnMapping(shape, roles), found.name)


def _guess_or_none(table: Table) -> ColumnMapping:
    """Guess the mapping; one without roles where no column holds text."""
    try:
        return guess_mapping(table)
    except InputError:
        return ColumnMapping(Shape.PAIRS)


def _few_values(columns: list[ColumnProfile], value: str) -> ColumnProfile | None:
    fitting = [column for column in columns if column.is_number == (value == "score") and column.is_value]
    return min(fitting, key=lambda column: column.distinct, default=None)


def find_split_column(frame: pd.DataFrame) -> str:
    """Find the column that holds a published split, "" for none.

    It is offered, not used: such a split may leak.
    """
    return _part(profile_columns(frame))


def _triplets(columns: list[ColumnProfile]) -> ColumnMapping | None:
    negatives = [
        column for column in columns if NEGATIVE_NAME.fullmatch(column.key) and column.is_text and not column.is_mark
    ]
    others = [column for column in columns if column not in negatives and column.is_text]
    if not negatives or len(others) < 2:
        return None
    pair = named_pair(others) or ordered_pair(others)
    roles = _pair_roles(pair)
    for at, column in enumerate(negatives, start=1):
        roles["negative" if at == 1 else f"negative_{at}"] = (column.name,)
    return ColumnMapping(Shape.TRIPLETS, roles)


def _pair(frame: pd.DataFrame, columns: list[ColumnProfile]) -> ColumnMapping | None:
    texts = [column for column in columns if (column.is_text and not column.is_polar) or not len(column.filled)]
    found = numbered_pair(texts) or named_pair(texts)
    if found is None or (find_by_name(columns, LABEL_NAMES) and found[1].name in _names(columns, LABEL_NAMES)):
        return None
    if is_titled_text(found, columns):
        return None
    return _with_value(frame, found, [column for column in columns if column not in found])


def _pair_roles(pair: tuple[ColumnProfile, ColumnProfile]) -> Roles:
    return {"anchor": (pair[0].name,), "positive": (pair[1].name,)}


def _with_value(
    frame: pd.DataFrame, pair: tuple[ColumnProfile, ColumnProfile], rest: list[ColumnProfile]
) -> ColumnMapping:
    """Add the score or class column of a pair, where there is one that its name or its words make clear."""
    roles = _pair_roles(pair)
    nli = not NLI_NAMES.isdisjoint({column.key for column in pair})
    for column in value_candidates(rest):
        shape = value_shape(column, nli=nli)
        if shape is not None:
            return guess_value(frame, ColumnMapping(shape, roles), column.name)
    return ColumnMapping(Shape.PAIRS, roles)


def _labelled_texts(columns: list[ColumnProfile]) -> ColumnMapping | None:
    texts = [column for column in columns if column.is_text]
    title = find_by_name(texts, TITLE_NAMES)
    text = find_by_name([column for column in texts if column is not title], TEXT_NAMES) or title
    named = [column for column in columns if column not in (text, title) and column.distinct]
    worded = [column for column in named if not column.is_number]
    label = find_by_name(worded, LABEL_NAMES) or find_by_name(named, LABEL_NAMES)
    if text is None or label is None:
        return None
    both = (title.name, text.name) if title not in (None, text) else (text.name,)
    return ColumnMapping(Shape.LABELLED_TEXTS, {"text": both, "label": (label.name,)})


def _by_content(frame: pd.DataFrame, columns: list[ColumnProfile]) -> ColumnMapping:
    """Map by what the cells hold: texts, and a number or a class beside them.

    Raises InputError where fewer than two columns can play a role.
    """
    texts = [
        column
        for column in columns
        if column.is_text and not column.is_constant and (not column.is_categorical or is_named_text(column))
    ]
    values = [column for column in columns if column not in texts and column.is_value]
    if len(texts) == 1 and values:
        label = next((column for column in values if not column.is_number), values[0])
        return ColumnMapping(Shape.LABELLED_TEXTS, {"text": (texts[0].name,), "label": (label.name,)})
    if len(texts) < 2:
        texts = sorted((column for column in columns if column.is_text), key=lambda column: -column.characters)
        texts = sorted(texts[:2], key=columns.index)
    if len(texts) < 2:
        raise InputError(_no_texts(columns, texts), todo="Examples need two text columns, or a text and its class.")
    unnamed = all(PLACEHOLDER_NAME.fullmatch(column.key) or len(column.key) == 1 for column in columns)
    if len(texts) == 3 and [column.is_attribution for column in texts] == [False, False, True]:
        texts = texts[:2]
    if len(texts) == 3 == len(columns) and unnamed:
        roles: Roles = {
            role: (text.name,) for role, text in zip(("anchor", "positive", "negative"), texts, strict=True)
        }
        return ColumnMapping(Shape.TRIPLETS, roles)
    return _value_by_content(frame, ordered_pair(texts), values)


def _no_texts(columns: list[ColumnProfile], texts: list[ColumnProfile]) -> str:
    """Say which columns hold no text, and what they look like."""
    others = [column for column in columns if column not in texts][:8]
    described = "; ".join(f"“{column.name[:40]}”: {column.describe()}" for column in others)
    return f"{'Only one column holds' if texts else 'No column holds'} text ({described})."


def _value_by_content(
    frame: pd.DataFrame, pair: tuple[ColumnProfile, ColumnProfile], values: list[ColumnProfile]
) -> ColumnMapping:
    found = _with_value(frame, pair, [column for column in values if column not in pair])
    number = [column for column in values if column.is_number and column.distinct < max(3, len(column.filled) // 2)]
    if found.shape is not Shape.PAIRS or len(number) != 1 or number[0].is_metadata:
        return found
    binary = set(number[0].numeric.unique()) in ({0, 1}, {-1, 1})
    shape = Shape.LABELLED_PAIRS if binary else Shape.SCORED
    return guess_value(frame, ColumnMapping(shape, _pair_roles(pair)), number[0].name)


def _part(columns: list[ColumnProfile]) -> str:
    known = {word for part_words in SPLIT_WORDS.values() for word in part_words}
    for column in columns:
        if (
            column.key in SPLIT_NAMES
            and {value.strip().casefold() for value in column.filled} <= known
            and column.distinct > 1
        ):
            return column.name
    return ""


def _group(columns: list[ColumnProfile], *, triplets: bool) -> str:
    """Find the column that names groups; for triplets also the page, from which their negatives are taken."""
    names = [*GROUP_NAMES, "page", "page_id"] if triplets else GROUP_NAMES
    found = find_by_name([column for column in columns if 1 < column.distinct < len(column.filled)], names)
    return found.name if found else ""


def _names(columns: list[ColumnProfile], names: Sequence[str]) -> set[str]:
    return {column.name for column in columns if column.key in names}
