"""Guess what the columns of a table mean, from their names first and their content second."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from lib.data.columns.mapping import SPLIT_WORDS, ColumnMapping, TableLike, parse_numbers
from lib.data.normalisation import words
from lib.data.shapes import TEXT_COLUMNS, VALUE_COLUMN, Shape
from lib.errors import InputError

GUESS_ROWS = 2_000
"""Content is judged on this many rows, evenly over the file; whether a score leaves its scale is judged on all."""

ANCHOR_NAMES = words(
    "source_sentence source_text anchor query queries question title_question user_query search_query premise sentence1 "
    "sentence_a sentence text_a text1 source src input prompt instruction title heading headline headword term summary q"
)
POSITIVE_NAMES = words(
    "target_sentence target_text positive pos positive_passage answer answers document doc passage context response reply "
    "hypothesis sentence2 sentence_b text_b text2 target tgt output completion body description content text article solution a"
)
NEGATIVE_NAME = re.compile(r"(hard_?)?neg(ative)?s?(_?(passage|document|doc|text|sentence))?(_?\d+)?")
PLACEHOLDER_NAME = re.compile(r"(column|col|field|spalte|unnamed|c|v|x|f)?_?\d+")
"""Names that a reader gives to columns without a header: they say nothing."""
TEXT_NAMES = words(
    "text texts sentence utterance message question query content comment review body document title description"
)
LABEL_NAMES = words(
    "label_text label_name class_name intent category class label labels topic tag target department gold_label"
)
PAIR_LABEL_NAMES = words(
    "is_duplicate duplicate similar is_similar same is_same match is_match paraphrase is_paraphrase gold_label label labels "
    "class relation judgment judgement entailment entailment_judgment"
)
SCORE_NAMES = words(
    "score scores similarity similarity_score sim relatedness relatedness_score rating gold_score label labels value"
)
GROUP_NAMES = words(
    "group group_id groups thread thread_id cluster cluster_id conversation conversation_id document_id doc_id"
)
SPLIT_NAMES = words("split part fold subset partition set")
SAME_WORDS = (
    "1",
    "1.0",
    "true",
    "yes",
    "y",
    "same",
    "duplicate",
    "similar",
    "paraphrase",
    "match",
    "positive",
    "entailment",
)


Roles = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class ColumnProfile:
    """One column and what its cells look like."""

    name: str
    cells: pd.Series

    @property
    def key(self) -> str:
        """The name in one spelling: question_1, Question1 and question 1 are the same."""
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(self.name)).casefold()
        return re.sub(r"_(?=\d+$)", "", re.sub(r"[^a-z0-9]+", "_", spaced).strip("_"))

    @cached_property
    def filled(self) -> pd.Series:
        return self.cells[self.cells.str.strip() != ""]

    @cached_property
    def distinct(self) -> int:
        return int(self.filled.nunique())

    @cached_property
    def numeric(self) -> pd.Series:
        """Its numbers, where every filled cell is one; else empty."""
        found = parse_numbers(self.filled)
        return found if len(found) and not found.isna().any() else found.iloc[:0]

    @cached_property
    def is_number(self) -> bool:
        return len(self.numeric) > 0

    @cached_property
    def characters(self) -> float:
        return float(self.filled.str.len().mean()) if len(self.filled) else 0.0

    @property
    def repeats(self) -> bool:
        """Whether few values stand many times, as classes do."""
        return 1 < self.distinct <= max(3, len(self.filled) // 5) and self.characters <= 60

    @property
    def is_text(self) -> bool:
        link = self.filled.str.match(r"https?://\S+$").mean() > 0.9 if len(self.filled) else False
        return bool(len(self.filled)) and not self.is_number and not link


def guess_mapping(table: TableLike) -> ColumnMapping:
    """Guess shape and roles; raise InputError where a table has too few columns to be examples."""
    frame = table.frame
    if frame.shape[1] < 2:
        raise InputError(
            "The table has one column; examples need at least two.",
            todo="Bring two text columns, or a text and its class. If there are more, choose another separator.",
        )
    columns = _sampled(frame)
    part = _part(columns)
    rest = [column for column in columns if column.name != part]
    mapping = _triplets(rest) or _pair(frame, rest) or _labelled_texts(rest) or _by_content(frame, rest)
    used = {column for columns_ in mapping.roles.values() for column in columns_}
    group = _group([column for column in rest if column.name not in used], triplets=mapping.shape is Shape.TRIPLETS)
    return replace(mapping, group=group)


def guess_roles(table: TableLike, shape: Shape) -> ColumnMapping:
    """Guess the roles for a shape that a person chose; roles for which no column offers itself stay empty."""
    best = guess_mapping(table)
    if best.shape is shape:
        return best
    columns = _sampled(table.frame)
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


def is_known_name(cell: str) -> bool:
    """Say whether a cell reads like the name of a column of training data: question, target_sentence, label, ..."""
    key = ColumnProfile(cell, pd.Series([], dtype="str")).key
    known = {
        *ANCHOR_NAMES,
        *POSITIVE_NAMES,
        *TEXT_NAMES,
        *LABEL_NAMES,
        *PAIR_LABEL_NAMES,
        *SCORE_NAMES,
        *GROUP_NAMES,
        *SPLIT_NAMES,
    } - {"a", "q"}
    return key in known or NEGATIVE_NAME.fullmatch(key) is not None or re.sub(r"\d+$|_[ab]$", "", key) in known


def find_split_column(frame: pd.DataFrame) -> str:
    """Return the column that looks like a published split; "" for none. It is offered, not taken: it may leak."""
    return _part(_sampled(frame))


def _sampled(frame: pd.DataFrame) -> list[ColumnProfile]:
    step = max(1, len(frame) // GUESS_ROWS)
    return [ColumnProfile(str(name), frame.iloc[::step, at].astype("str")) for at, name in enumerate(frame.columns)]


def guess_value(frame: pd.DataFrame, shape: Shape, column: str) -> ColumnMapping:
    """Guess scale or "same" classes of a value column that a person chose; a Mapping that holds only those."""
    cells = ColumnProfile(column, frame[column].astype("str"))
    if shape is Shape.SCORED:
        return ColumnMapping(shape, scale=guess_scale(cells.numeric))
    same = _same(cells) if shape is Shape.LABELLED_PAIRS else ()
    return ColumnMapping(shape, same=same)


def guess_scale(values: pd.Series) -> tuple[float, float]:
    """Return the usual scale that holds the numbers, so that one stray value does not stretch it."""
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
    """Return sentence1 and sentence2, text_a and text_b, whatever the word is."""
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
    """Add the score or class that stands beside a pair, where one does."""
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
    """Tell a scale from a class: fractions, many steps, or few steps under a name that says score."""
    whole = bool((column.numeric % 1 == 0).all())
    return not whole or column.distinct > 4 or (column.distinct > 2 and column.key not in PAIR_LABEL_NAMES)


def _same(column: ColumnProfile) -> tuple[str, ...]:
    """Return which class of a pair means the same: by its word, else the larger of two numbers."""
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
    """Map by what the cells hold: the longest texts, and a number or a class beside them."""
    texts = [column for column in columns if column.is_text and not column.repeats]
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
    """Return a column that names what belongs together; the page of triplets too, whose negatives come from it."""
    names = [*GROUP_NAMES, "page", "page_id"] if triplets else GROUP_NAMES
    found = _by_name([column for column in columns if 1 < column.distinct < len(column.filled)], names)
    return found.name if found else ""


def _by_name(columns: list[ColumnProfile], names: Sequence[str]) -> ColumnProfile | None:
    """Return the column whose name stands first in the list."""
    keys = {column.key: column for column in reversed(columns)}
    return next((keys[name] for name in names if name in keys), None)


def _names(columns: list[ColumnProfile], names: Sequence[str]) -> set[str]:
    return {column.name for column in columns if column.key in names}
