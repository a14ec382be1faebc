"""Guess what the columns of a table mean, from their names first and their content second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from lib.data.columns.mapping import SPLIT_WORDS, ColumnMapping
from lib.data.columns.names import (
    ANCHOR_NAMES,
    GROUP_NAMES,
    LABEL_NAMES,
    NEGATIVE_NAME,
    PAIR_LABEL_NAMES,
    PLACEHOLDER_NAME,
    POSITIVE_NAMES,
    SAME_WORDS,
    SCORE_NAMES,
    SPLIT_NAMES,
    TEXT_NAMES,
)
from lib.data.columns.profile import ColumnProfile, profile_columns
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
    return replace(mapping, group=group)


def guess_roles(table: Table, shape: Shape) -> ColumnMapping:
    """Guess the roles for a chosen shape; roles for which no column fits stay empty."""
    best = guess_mapping(table)
    if best.shape is shape:
        return best
    columns = profile_columns(table.frame)
    texts = [name for role in best.texts for name in best.roles[role]]
    texts += [column.name for column in sorted(columns, key=lambda column: -column.characters) if column.is_text]
    texts = list(dict.fromkeys(texts))
    roles: Roles = {role: (text,) for role, text in zip(TEXT_COLUMNS[shape], texts, strict=False)}
    used = {name for names in roles.values() for name in names}
    rest = [column for column in columns if column.name not in used]
    value = VALUE_COLUMN[shape]
    if value is None:
        return ColumnMapping(shape, roles, group=best.group)
    found = _by_name(rest, SCORE_NAMES if value == "score" else (*PAIR_LABEL_NAMES, *LABEL_NAMES)) or _few_values(
        rest, value
    )
    if found is None:
        return ColumnMapping(shape, roles)
    detail = guess_value(table.frame, shape, found.name)
    return replace(detail, roles=roles | {value: (found.name,)})


def _few_values(columns: list[ColumnProfile], value: str) -> ColumnProfile | None:
    fitting = [column for column in columns if column.is_number == (value == "score") and column.distinct > 1]
    return min(fitting, key=lambda column: column.distinct, default=None)


def find_split_column(frame: pd.DataFrame) -> str:
    """Find the column that holds a published split, "" for none.

    It is offered, not used: such a split may leak.
    """
    return _part(profile_columns(frame))


def guess_value(frame: pd.DataFrame, shape: Shape, column: str) -> ColumnMapping:
    """Guess scale or "same" classes of a chosen value column, in a mapping that holds nothing else."""
    cells = ColumnProfile(column, frame[column].astype("str"))
    if shape is Shape.SCORED:
        return ColumnMapping(shape, scale=guess_scale(cells.numeric))
    same = _same(cells) if shape is Shape.LABELLED_PAIRS else ()
    return ColumnMapping(shape, same=same)


def guess_scale(values: pd.Series) -> tuple[float, float]:
    """Guess the scale: the first common one that holds 99% of the numbers.

    So an outlier does not stretch it.
    """
    if not len(values):
        return (0.0, 1.0)
    low, high = float(values.quantile(0.005)), float(values.quantile(0.995))
    for known in ((0.0, 1.0), (-1.0, 1.0), (0.0, 5.0), (0.0, 10.0), (0.0, 100.0)):
        if known[0] <= low and high <= known[1]:
            return (1.0, 5.0) if known == (0.0, 5.0) and low >= 1 and values.min() >= 1 else known
    return (float(values.min()), float(values.max()))


def _triplets(columns: list[ColumnProfile]) -> ColumnMapping | None:
    negatives = [column for column in columns if NEGATIVE_NAME.fullmatch(column.key) and column.is_text]
    others = [column for column in columns if column not in negatives and column.is_text]
    if not negatives or len(others) < 2:
        return None
    pair = _named_pair(others) or (others[0], others[1])
    roles: Roles = {"anchor": (pair[0].name,), "positive": (pair[1].name,)}
    for at, column in enumerate(negatives, start=1):
        roles["negative" if at == 1 else f"negative_{at}"] = (column.name,)
    return ColumnMapping(Shape.TRIPLETS, roles)


def _pair(frame: pd.DataFrame, columns: list[ColumnProfile]) -> ColumnMapping | None:
    found = _numbered_pair(columns) or _named_pair([column for column in columns if not column.is_number])
    if found is None or (_by_name(columns, LABEL_NAMES) and found[1].name in _names(columns, LABEL_NAMES)):
        return None
    return _with_value(frame, found, [column for column in columns if column not in found])


def _numbered_pair(columns: list[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile] | None:
    """Find two columns numbered alike: sentence1 and sentence2, text_a and text_b."""
    keys = {c.key: c for c in columns if not c.is_number and not PLACEHOLDER_NAME.fullmatch(c.key)}
    for key, column in keys.items():
        for first, second in (("1", "2"), ("_a", "_b"), ("_left", "_right")):
            stem = key.removesuffix(first)
            other = keys.get(stem + second) if stem != key and not stem[-1:].isdigit() else None
            if other is not None:
                return column, other
    return None


def _named_pair(columns: list[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile] | None:
    anchor = _by_name(columns, ANCHOR_NAMES)
    positive = _by_name([column for column in columns if column is not anchor], POSITIVE_NAMES)
    return (anchor, positive) if anchor and positive else None


def _with_value(
    frame: pd.DataFrame, pair: tuple[ColumnProfile, ColumnProfile], rest: list[ColumnProfile]
) -> ColumnMapping:
    """Add the score or class column of a pair, where there is one."""
    roles: Roles = {"anchor": (pair[0].name,), "positive": (pair[1].name,)}
    score = _by_name([column for column in rest if column.is_number and _is_scale(column)], SCORE_NAMES)
    if score is not None:
        whole = ColumnProfile(score.name, frame[score.name].astype("str"))
        return ColumnMapping(Shape.SCORED, roles | {"score": (score.name,)}, scale=guess_scale(whole.numeric))
    label = _by_name([column for column in rest if 2 <= column.distinct <= 10], PAIR_LABEL_NAMES)
    if label is not None:
        return ColumnMapping(Shape.LABELLED_PAIRS, roles | {"label": (label.name,)}, same=_same(label))
    return ColumnMapping(Shape.PAIRS, roles)


def _is_scale(column: ColumnProfile) -> bool:
    """Distinguish a score from a class.

    A score has fractions, more than four values, or more than two without a class's name.
    """
    whole = bool((column.numeric % 1 == 0).all())
    return not whole or column.distinct > 4 or (column.distinct > 2 and column.key not in PAIR_LABEL_NAMES)


def _same(column: ColumnProfile) -> tuple[str, ...]:
    """Guess which class of a pair means the same: by its word, else the last in order."""
    values = sorted({value.strip() for value in column.filled})
    by_word = [value for word in SAME_WORDS for value in values if value.casefold() == word]
    if {"0", "1", "2"} <= set(values):  # SNLI and MNLI write 0 entailment, 1 neutral, 2 contradiction
        return ("0",)
    return tuple(by_word[:1]) or tuple(values[-1:])


def _labelled_texts(columns: list[ColumnProfile]) -> ColumnMapping | None:
    text = _by_name([column for column in columns if column.is_text], TEXT_NAMES)
    named = [column for column in columns if column is not text and column.distinct > 1]
    worded = [column for column in named if not column.is_number]
    label = _by_name(worded, LABEL_NAMES) or _by_name(named, LABEL_NAMES)
    if text is None or label is None:
        return None
    return ColumnMapping(Shape.LABELLED_TEXTS, {"text": (text.name,), "label": (label.name,)})


def _by_content(frame: pd.DataFrame, columns: list[ColumnProfile]) -> ColumnMapping:
    """Map by what the cells hold: texts, and a number or a class beside them."""
    texts = [column for column in columns if column.is_text and not column.is_categorical]
    values = [column for column in columns if column not in texts and column.distinct > 1]
    if len(texts) == 1 and values:
        label = next((column for column in values if not column.is_number), values[0])
        return ColumnMapping(Shape.LABELLED_TEXTS, {"text": (texts[0].name,), "label": (label.name,)})
    if len(texts) < 2:
        texts = sorted((column for column in columns if column.is_text), key=lambda column: -column.characters)
        texts = sorted(texts[:2], key=columns.index) if len(texts) >= 2 else columns[:2]
    if len(texts) == 3 == len(columns):
        roles: Roles = {
            role: (text.name,) for role, text in zip(("anchor", "positive", "negative"), texts, strict=True)
        }
        return ColumnMapping(Shape.TRIPLETS, roles)
    return _value_by_content((texts[0], texts[1]), values)


def _value_by_content(pair: tuple[ColumnProfile, ColumnProfile], values: list[ColumnProfile]) -> ColumnMapping:
    roles: Roles = {"anchor": (pair[0].name,), "positive": (pair[1].name,)}
    number = [column for column in values if column.is_number and column.distinct < max(3, len(column.filled) // 2)]
    if len(number) == 1 and number[0].distinct == 2:
        return ColumnMapping(Shape.LABELLED_PAIRS, roles | {"label": (number[0].name,)}, same=_same(number[0]))
    if len(number) == 1:
        return ColumnMapping(Shape.SCORED, roles | {"score": (number[0].name,)}, scale=guess_scale(number[0].numeric))
    return ColumnMapping(Shape.PAIRS, roles)


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
    found = _by_name([column for column in columns if 1 < column.distinct < len(column.filled)], names)
    return found.name if found else ""


def _by_name(columns: list[ColumnProfile], names: Sequence[str]) -> ColumnProfile | None:
    """Find the column whose name comes first in the list."""
    keys = {column.key: column for column in reversed(columns)}
    return next((keys[name] for name in names if name in keys), None)


def _names(columns: list[ColumnProfile], names: Sequence[str]) -> set[str]:
    return {column.name for column in columns if column.key in names}
