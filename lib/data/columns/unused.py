"""What a mapping leaves unused or unclear: nothing of a table is passed over in silence."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from lib.data.columns.mapping import SCALES, ColumnMapping, classes_of, one_means_same
from lib.data.columns.names import DISTANCE_NAMES, PAIR_LABEL_NAMES, SCORE_NAMES
from lib.data.columns.profile import ColumnProfile, profile_columns
from lib.data.columns.same_class import class_key, same_keys_of
from lib.data.table import NoteKind, Table
from lib.shapes import Shape

VALUE_NAMES = frozenset((*DISTANCE_NAMES, *PAIR_LABEL_NAMES, *SCORE_NAMES))
MAX_ASKED_CLASSES = 5
"""Words of more kinds than this are a topic or a place rather than how two texts relate."""

MAX_MARK_CHARACTERS = 12
"""The only value of a column with empty cells is a mark up to here: x, yes, relevant."""


@dataclass(frozen=True)
class UnusedColumn:
    """A column without a role, and what it looks like. may_be_value: it may say how a pair's texts relate."""

    name: str
    looks_like: str
    may_be_value: bool = False

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class OpenQuestion:
    """Something about a mapping that only the person knows. column: which column it is about."""

    column: str
    text: str
    todo: str
    """What to do on the command line."""
    is_about_same: bool = False
    """Whether it asks which classes mean the same, else whether the column is a score or class."""
    may_be_none: bool = False
    """Whether none of the classes may mean the same: of two, one has to."""


def unused_columns(table: Table, mapping: ColumnMapping) -> list[UnusedColumn]:
    """List the columns that play no role, with what they look like; those left out by reading too."""
    used = {name for names in mapping.roles.values() for name in names} | {mapping.group, mapping.part}
    rest = [column for column in profile_columns(table.frame) if column.name not in used]
    left_out = {name: note.text for note in table.report.notes if note.kind is NoteKind.COLUMNS for name in note.names}
    return [
        *(UnusedColumn(column.name, column.describe(), _may_be_value(column, mapping)) for column in rest),
        *(UnusedColumn(name, _reason(name, text)) for name, text in left_out.items() if name not in table.frame),
    ]


def _reason(name: str, note: str) -> str:
    """Shorten a reader's note on a column that it left out to what it says of it."""
    if one := re.search(rf"“{re.escape(name)}” \(([^()]+)\)", note):
        return one[1]
    text = note.rstrip(".").removeprefix("Left out: ").removeprefix(f"“{name}” ")
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def open_questions(table: Table, mapping: ColumnMapping) -> list[OpenQuestion]:
    """List what is unclear: a column that may be a pair's value, and which classes mean the same."""
    questions = [
        OpenQuestion(
            column.name,
            f"“{column.name}” ({column.looks_like}) may say whether the two texts belong together, and plays no role: "
            "every row counts as a right answer.",
            f"Use it by --score {_quoted(column.name)} or --label {_quoted(column.name)}, or go on without it.",
        )
        for column in unused_columns(table, mapping)
        if column.may_be_value
    ]
    if mapping.shape is Shape.LABELLED_PAIRS and not mapping.same and mapping.roles.get("label"):
        questions.append(_ask_for_same(table, mapping))
    return [question for question in questions if question.text]


def describe_scale(scale: tuple[float, float]) -> str:
    """Write a scale as the option of the command line takes it: 0-5."""
    names = {ends: name for name, ends in SCALES.items()}
    return names.get(scale) or f"{scale[0]:g}-{scale[1]:g}"


def _ask_for_same(table: Table, mapping: ColumnMapping) -> OpenQuestion:
    column = mapping.roles["label"][0]
    classes = classes_of(table.frame[column].astype("str"), mapping)
    if one_means_same(mapping, classes):
        return OpenQuestion(column, "", "", is_about_same=True)
    shown = ", ".join(f"“{name[:40]}”" for name in classes[:12])
    todo = "Say it by --same CLASS, repeatable."
    text = f"Which classes of “{column}” mean the same? It has {shown}."
    return OpenQuestion(column, text, todo, is_about_same=True, may_be_none=len(classes) > 2)


def _says_same(column: ColumnProfile) -> bool:
    """Check whether one class says of every row that its texts belong together."""
    return not column.has_gaps and same_keys_of({class_key(str(column.valued.iloc[0]))}) != set()


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _may_be_value(column: ColumnProfile, mapping: ColumnMapping) -> bool:
    """Check whether a column beside pairs may be their score or class, by its name or its cells."""
    if mapping.shape is not Shape.PAIRS or not column.distinct:
        return False
    is_named = column.key in VALUE_NAMES or column.has_value_word
    if column.distinct == 1:  # one class alone says little, but some rows may lack it, or it may mean something else
        is_mark = column.has_gaps and column.characters <= MAX_MARK_CHARACTERS and not column.is_metadata
        return (is_named or is_mark) and not _says_same(column) and not column.is_date and not column.is_link
    if is_named and not column.is_text and not column.is_id:
        return True
    if column.is_metadata:
        return column.is_polar
    return column.is_value and (column.is_number or column.distinct <= MAX_ASKED_CLASSES)
