"""Find the two columns of texts that are the sides of pairs, by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lib.data.columns.names import (
    ANCHOR_NAMES,
    GENERIC_LABEL_NAMES,
    METADATA_NAMES,
    PLACEHOLDER_NAME,
    POSITIVE_NAMES,
    TEXT_NAMES,
    TITLE_NAMES,
)
from lib.data.columns.profile import ColumnProfile


def is_titled_text(pair: tuple[ColumnProfile, ColumnProfile], columns: list[ColumnProfile]) -> bool:
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


def numbered_pair(columns: list[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile] | None:
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


def named_pair(columns: list[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile] | None:
    """Find source and target by their names, else by a word of their names: question_text, Antwort (kurz)."""
    for find in (find_by_name, find_by_word):
        anchor = find(columns, ANCHOR_NAMES)
        positive = find([column for column in columns if column is not anchor], POSITIVE_NAMES)
        if anchor and positive:
            return anchor, positive
    return None


def ordered_pair(texts: Sequence[ColumnProfile]) -> tuple[ColumnProfile, ColumnProfile]:
    """Take the first two columns in their order, unless a name says that they stand the other way round.

    Of two names of targets the one that says more is the target: an answer beside a body.
    """
    first, second = texts[0], texts[1]
    if len(first.key) == len(second.key) == 1:
        return first, second  # a and b are no answer and no question
    ranks = _target_rank(first), _target_rank(second)
    if max(ranks) < len(POSITIVE_NAMES) and find_by_word([first, second], ANCHOR_NAMES) is None:
        return (second, first) if ranks[0] < ranks[1] else (first, second)
    is_swapped = find_by_word([first], POSITIVE_NAMES) and not find_by_word([first], ANCHOR_NAMES)
    is_swapped = is_swapped or (find_by_word([second], ANCHOR_NAMES) and not find_by_word([second], POSITIVE_NAMES))
    return (second, first) if is_swapped else (first, second)


def _target_rank(column: ColumnProfile) -> int:
    """Rank a name among those of targets, 0 for the one that says most; other names come last."""
    ranks = [POSITIVE_NAMES.index(word) for word in {column.key, *column.words} if word in POSITIVE_NAMES]
    return min(ranks, default=len(POSITIVE_NAMES))


def is_named_text(column: ColumnProfile) -> bool:
    """Check whether a column of few texts is a side of pairs by its name: query beside product."""
    names = (*ANCHOR_NAMES, *POSITIVE_NAMES)
    return len(column.key) > 1 and column.key in names and not column.is_metadata and not column.is_polar


def find_by_name(columns: list[ColumnProfile], names: Sequence[str]) -> ColumnProfile | None:
    """Find the column whose name comes first in the list."""
    keys = {column.key: column for column in reversed(columns)}
    return next((keys[name] for name in names if name in keys), None)


def find_by_word(columns: list[ColumnProfile], names: Sequence[str]) -> ColumnProfile | None:
    """Find the column that has a name of the list as a word of its own name, and no word of metadata."""
    known = set(names)
    words = {column.name: {re.sub(r"\d+$", "", word) for word in column.words} - {""} for column in columns}
    fitting = [
        column
        for column in columns
        if not known.isdisjoint(words[column.name]) and METADATA_NAMES.isdisjoint(words[column.name])
    ]
    return find_by_name(columns, names) or next(iter(fitting), None)
