"""Guess what the columns of a table mean, from their names first and their content second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from lib.data.columns.mapping import SPLIT_WORDS, ColumnMapping, guess_same_of
from lib.data.columns.names import (
    ANCHOR_NAMES,
    DISTANCE_NAMES,
    GENERIC_LABEL_NAMES,
    GROUP_NAMES,
    LABEL_NAMES,
    METADATA_NAMES,
    NEGATIVE_NAME,
    NLI_NAMES,
    PAIR_LABEL_NAMES,
    PLACEHOLDER_NAME,
    POSITIVE_NAMES,
    SCORE_NAMES,
    SPLIT_NAMES,
    TEXT_NAMES,
    TITLE_NAMES,
)
from lib.data.columns.profile import MAX_CLASSES, ColumnProfile, profile_columns
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
    found = _by_name(rest, names) or _few_values(rest, value)
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


def guess_value(frame: pd.DataFrame, mapping: ColumnMapping, column: str) -> ColumnMapping:
    """Add a value column to a mapping, with its scale or its "same" classes; none where unclear."""
    value = mapping.value_role
    mapping = replace(mapping, roles=mapping.roles | {value: (column,)}) if value else mapping
    if mapping.shape is Shape.SCORED:
        cells = ColumnProfile(column, frame[column].astype("str"))
        return replace(mapping, scale=guess_scale(cells.numeric, falling=cells.is_distance))
    same = guess_same_of(frame, mapping) if mapping.shape is Shape.LABELLED_PAIRS else ()
    return replace(mapping, same=same or ())


def guess_scale(values: pd.Series, *, falling: bool = False) -> tuple[float, float]:
    """Guess the scale: the first common one that holds 99% of the numbers.

    So an outlier does not stretch it.
    A few whole numbers from 0 or 1 are grades, whose highest is the end of the scale. falling: distances, the smallest
    of which means the same.
    """
    low, high = _rising_scale(values)
    if not falling:
        return (low, high)
    return (_farthest(values), 0.0) if low >= 0 else (high, low)


def _farthest(values: pd.Series) -> float:
    """Choose the end of a scale of distances: 1, 2 as of cosines, else the whole number they reach.

    A rounder one would press all of them together near 0.
    """
    reached = float(values.quantile(0.995)) if len(values) else 1.0
    return next((end for end in (1.0, 2.0) if reached <= end), float(np.ceil(reached)))


def _rising_scale(values: pd.Series) -> tuple[float, float]:
    if not len(values):
        return (0.0, 1.0)
    low, high = float(values.quantile(0.005)), float(values.quantile(0.995))
    grades = bool((values % 1 == 0).all()) and values.min() in (0, 1) and 1 < values.max() <= 4
    if grades and values.nunique() > 2:
        return (float(values.min()), float(values.max()))
    for known in ((0.0, 1.0), (-1.0, 1.0), (0.0, 5.0), (0.0, 10.0), (0.0, 100.0)):
        if known[0] <= low and high <= known[1]:
            return (1.0, 5.0) if known == (0.0, 5.0) and low >= 1 and values.min() >= 1 else known
    return (float(values.min()), float(values.max()))


def _triplets(columns: list[ColumnProfile]) -> ColumnMapping | None:
    negatives = [column for column in columns if NEGATIVE_NAME.fullmatch(column.key) and column.is_text]
    others = [column for column in columns if column not in negatives and column.is_text]
    if not negatives or len(others) < 2:
        return None
    pair = _named_pair(others) or _ordered_pair(others)
    roles = _pair_roles(pair)
    for at, column in enumerate(negatives, start=1):
        roles["negative" if at == 1 else f"negative_{at}"] = (column.name,)
    return ColumnMapping(Shape.TRIPLETS, roles)


def _pair(frame: pd.DataFrame, columns: list[ColumnProfile]) -> ColumnMapping | None:
    texts = [column for column in columns if (column.is_text and not column.is_polar) or not len(column.filled)]
    found = _numbered_pair(texts) or _named_pair(texts)
    if found is None or (_by_name(columns, LABEL_NAMES) and found[1].name in _names(columns, LABEL_NAMES)):
        return None
    if _is_titled_text(found, columns):
        return None
    return _with_value(frame, found, [column for column in columns if column not in found])


def _is_titled_text(pair: tuple[ColumnProfile, ColumnProfile], columns: list[ColumnProfile]) -> bool:
    """Check whether a pair is a title and its text, and a label beside them is of both: news, reviews."""
    if pair[0].key not in TITLE_NAMES or pair[1].key not in TEXT_NAMES:
        return False
    return any(
        column.key in GENERIC_LABEL_NAMES and 1 < column.distinct <= MAX_TEXT_CLASSES and not column.is_polar
        for column in columns
        if column not in pair
    )


MAX_TEXT_CLASSES = 200
"""A label of more kinds beside a title and its text is a text of its own."""


def _numbered_pair(columns: list[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile] | None:
    """Find two columns numbered alike: sentence1 and sentence2, text_a and text_b.

    Two answers beside a question are no pair.
    """
    has_question = any(column.key in _QUESTION_NAMES for column in columns)
    keys = {c.key: c for c in columns if not PLACEHOLDER_NAME.fullmatch(c.key)}
    for key, column in keys.items():
        for first, second in (("1", "2"), ("_a", "_b"), ("_left", "_right")):
            stem = key.removesuffix(first)
            other = keys.get(stem + second) if stem != key and not stem[-1:].isdigit() else None
            if has_question and stem in _ANSWER_NAMES:
                continue
            if other is not None:
                return column, other
    return None


_QUESTION_NAMES = frozenset(ANCHOR_NAMES) - set(TITLE_NAMES)
_ANSWER_NAMES = frozenset(POSITIVE_NAMES) - {"text", "sentence"}


def _named_pair(columns: list[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile] | None:
    """Find source and target by their names, else by a word of their names: question_text, Antwort (kurz)."""
    for find in (_by_name, _by_word):
        anchor = find(columns, ANCHOR_NAMES)
        positive = find([column for column in columns if column is not anchor], POSITIVE_NAMES)
        if anchor and positive:
            return anchor, positive
    return None


def _ordered_pair(texts: Sequence[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile]:
    """Take the first two columns in their order, unless a name says that they stand the other way round."""
    first, second = texts[0], texts[1]
    if len(first.key) == len(second.key) == 1:
        return first, second  # a and b are no answer and no question
    is_swapped = _by_word([first], POSITIVE_NAMES) and not _by_word([first], ANCHOR_NAMES)
    is_swapped = is_swapped or (_by_word([second], ANCHOR_NAMES) and not _by_word([second], POSITIVE_NAMES))
    return (second, first) if is_swapped else (first, second)


def _pair_roles(pair: tuple[ColumnProfile, ColumnProfile]) -> Roles:
    return {"anchor": (pair[0].name,), "positive": (pair[1].name,)}


def _with_value(
    frame: pd.DataFrame, pair: tuple[ColumnProfile, ColumnProfile], rest: list[ColumnProfile]
) -> ColumnMapping:
    """Add the score or class column of a pair, where there is one that its name or its words make clear."""
    roles = _pair_roles(pair)
    nli = not NLI_NAMES.isdisjoint({column.key for column in pair})
    for column in _value_candidates(rest):
        shape = _value_shape(column, nli=nli)
        if shape is not None:
            return guess_value(frame, ColumnMapping(shape, roles), column.name)
    return ColumnMapping(Shape.PAIRS, roles)


def _value_candidates(rest: list[ColumnProfile]) -> list[ColumnProfile]:
    """List the columns that may hold a pair's value, those whose name says so first."""
    named = [name for names in (DISTANCE_NAMES, PAIR_LABEL_NAMES, SCORE_NAMES) for name in names]
    order = {name: at for at, name in reversed(list(enumerate(named)))}
    fitting = [
        column for column in rest if column.distinct > 1 and (column.is_number or column.distinct <= MAX_CLASSES)
    ]
    known = [column for column in fitting if column.key in order]
    rest = [column for column in fitting if column not in known and not column.is_metadata]
    distances = [column for column in rest if column.is_distance and column.is_number]
    polar = [column for column in rest if column.is_polar]
    worded = [column for column in rest if column.has_value_word and _has_common_scale(column)]
    return [*sorted(known, key=lambda column: order[column.key]), *distances, *polar, *worded]


def _has_common_scale(column: ColumnProfile) -> bool:
    """Check whether numbers fill a scale that scores have: 0 to 1, -1 to 1, 0 to 5, a few grades from 0."""
    if not column.is_number or column.distinct < 3:
        return False
    low, high = guess_scale(column.numeric)
    return low in (-1, 0, 1) and high in (1, 2, 3, 4, 5)


def _value_shape(column: ColumnProfile, *, nli: bool) -> Shape | None:
    """Decide whether a named value column holds scores or classes; None for neither.

    Two numbers 0 and 1 are classes. More are grades that rise, but for the three labels of inference.
    """
    if not column.is_number:
        return Shape.LABELLED_PAIRS
    if column.is_distance:
        return Shape.SCORED
    values = set(column.numeric.unique())
    is_label = column.key in PAIR_LABEL_NAMES
    if values <= {0, 1} or values == {-1, 1} or (nli and is_label and values <= {-1, 0, 1, 2}):
        return Shape.LABELLED_PAIRS
    is_grade = column.key in _GRADE_NAMES or (column.key in SCORE_NAMES and len(values) > 3)
    if column.is_whole and is_label and not is_grade:
        return Shape.LABELLED_PAIRS
    return Shape.SCORED


_GRADE_NAMES = frozenset(SCORE_NAMES) - {"label", "labels"}
"""Names whose numbers rise with similarity, whatever their count."""


def _labelled_texts(columns: list[ColumnProfile]) -> ColumnMapping | None:
    texts = [column for column in columns if column.is_text]
    title = _by_name(texts, TITLE_NAMES)
    text = _by_name([column for column in texts if column is not title], TEXT_NAMES) or title
    named = [column for column in columns if column not in (text, title) and column.distinct]
    worded = [column for column in named if not column.is_number]
    label = _by_name(worded, LABEL_NAMES) or _by_name(named, LABEL_NAMES)
    if text is None or label is None:
        return None
    both = (title.name, text.name) if title not in (None, text) else (text.name,)
    return ColumnMapping(Shape.LABELLED_TEXTS, {"text": both, "label": (label.name,)})


def _by_content(frame: pd.DataFrame, columns: list[ColumnProfile]) -> ColumnMapping:
    """Map by what the cells hold: texts, and a number or a class beside them.

    Raises InputError where fewer than two columns can play a role.
    """
    texts = [column for column in columns if column.is_text and (not column.is_categorical or _is_named_text(column))]
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
    if len(texts) == 3 == len(columns) and unnamed:
        roles: Roles = {
            role: (text.name,) for role, text in zip(("anchor", "positive", "negative"), texts, strict=True)
        }
        return ColumnMapping(Shape.TRIPLETS, roles)
    return _value_by_content(frame, _ordered_pair(texts), values)


def _is_named_text(column: ColumnProfile) -> bool:
    """Check whether a column of few texts is a side of pairs by its name: query beside product."""
    names = (*ANCHOR_NAMES, *POSITIVE_NAMES)
    return len(column.key) > 1 and column.key in names and not column.is_metadata and not column.is_polar


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
    found = _by_name([column for column in columns if 1 < column.distinct < len(column.filled)], names)
    return found.name if found else ""


def _by_name(columns: list[ColumnProfile], names: Sequence[str]) -> ColumnProfile | None:
    """Find the column whose name comes first in the list."""
    keys = {column.key: column for column in reversed(columns)}
    return next((keys[name] for name in names if name in keys), None)


def _by_word(columns: list[ColumnProfile], names: Sequence[str]) -> ColumnProfile | None:
    """Find the column that has a name of the list as a word of its own name, and no word of metadata."""
    known = set(names)
    words = {column.name: {re.sub(r"\d+$", "", word) for word in column.words} - {""} for column in columns}
    fitting = [
        column
        for column in columns
        if not known.isdisjoint(words[column.name]) and METADATA_NAMES.isdisjoint(words[column.name])
    ]
    return _by_name(columns, names) or next(iter(fitting), None)


def _names(columns: list[ColumnProfile], names: Sequence[str]) -> set[str]:
    return {column.name for column in columns if column.key in names}
