"""Map the columns of a table to roles, and make examples of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from lib.data.columns.names import NLI_NAMES, OPPOSITE_WORDS, column_key
from lib.data.columns.numbers import no_value_cells, parse_numbers
from lib.data.columns.same_class import class_key, guess_same
from lib.data.table import Table
from lib.data.text_array import as_cells
from lib.errors import InputError
from lib.shapes import TEXT_COLUMNS, VALUE_COLUMN, Shape, text_columns
from lib.typed_json import build

SCALES: dict[str, tuple[float, float]] = {"0-1": (0, 1), "-1-1": (-1, 1), "0-5": (0, 5), "1-5": (1, 5)}
"""Score scales by their name on pages and in options; any other `low-high` is parsed too."""

SPLIT_WORDS = {
    "train": ("train", "training", "tr", "fit", "learn"),
    "validation": ("validation", "valid", "val", "dev", "development"),
    "held_out": ("held_out", "held-out", "heldout", "held out", "test", "testing", "eval", "evaluation", "holdout"),
}


@dataclass(frozen=True)
class ColumnMapping:
    """What the columns of a table mean.

    `roles` names for each canonical column the table's columns, joined in order.
    """

    shape: Shape
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    scale: tuple[float, float] = (0.0, 1.0)
    same: tuple[str, ...] = ()
    group: str = ""
    part: str = ""
    joiner: str = "\n"

    @property
    def value_role(self) -> str | None:
        return VALUE_COLUMN[self.shape]

    @property
    def texts(self) -> tuple[str, ...]:
        """The canonical text columns, negatives in order."""
        return text_columns(self.shape, self.roles)

    def rename_columns(self, names: Mapping[str, str]) -> ColumnMapping:
        """Rename the columns where the table got other names."""
        roles = {role: tuple(names.get(name, name) for name in columns) for role, columns in self.roles.items()}
        group, part = (names.get(name, name) for name in (self.group, self.part))
        return replace(self, roles=roles, group=group, part=part)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"shape": str(self.shape)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ColumnMapping:
        """Make a mapping of what `to_json` wrote, also after JSON turned tuples into lists.

        Raises JsonError where it is damaged.
        """
        mapping: ColumnMapping = build(cls._from_json, values)
        return mapping

    @classmethod
    def _from_json(cls, values: dict[str, Any]) -> ColumnMapping:
        tuples = {name: tuple(values[name]) for name in ("scale", "same") if name in values}
        roles = {role: tuple(columns) for role, columns in values.get("roles", {}).items()}
        return cls(**(values | tuples | {"roles": roles, "shape": Shape(values["shape"])}))


@dataclass(frozen=True)
class Examples:
    """Examples of one shape: `frame` has line:int64, the canonical columns, and group, part where mapped."""

    shape: Shape
    frame: pd.DataFrame

    @property
    def texts(self) -> tuple[str, ...]:
        return text_columns(self.shape, self.frame.columns)


def apply_mapping(table: Table, mapping: ColumnMapping) -> Examples:
    """Make examples of the table's rows.

    Raises InputError that names the role or column that does not fit.
    """
    check_mapping(table.frame, mapping)
    frame = pd.DataFrame({"line": np.asarray(table.lines, dtype=np.int64)})
    for role in mapping.texts:
        frame[role] = join_columns(table.frame, mapping.roles[role], mapping.joiner)
    value = mapping.value_role
    if value == "score":
        frame["score"] = rescale_scores(table.frame[mapping.roles["score"][0]], mapping.scale)
    elif value == "label":
        frame["label"] = normalise_labels(table.frame[mapping.roles["label"][0]], mapping)
    if mapping.group:
        frame["group"] = as_cells(table.frame[mapping.group])
    if mapping.part:
        frame["part"] = parse_split_column(table.frame[mapping.part], mapping.part)
    return Examples(mapping.shape, frame)


def check_mapping(frame: pd.DataFrame, mapping: ColumnMapping) -> None:
    """Raise InputError for a required role without a column, or a missing or doubly used column."""
    needed = [*TEXT_COLUMNS[mapping.shape], *([mapping.value_role] if mapping.value_role else [])]
    for role in needed:
        if not mapping.roles.get(role):
            raise InputError(f"No column is selected for “{role}”.", todo="Select one under “What the columns mean”.")
    named = [(role, column) for role, columns in mapping.roles.items() for column in columns]
    named += [("group", mapping.group)] * bool(mapping.group) + [("split", mapping.part)] * bool(mapping.part)
    for role, column in named:
        if column not in frame.columns:
            raise InputError(f"There is no column “{column}” (for “{role}”).", todo=f"There are: {_some(frame)}.")
    check_same(frame, mapping)
    texts = [mapping.roles[role] for role in mapping.texts]
    if len(set(texts)) < len(texts):
        twice = next(columns for columns in texts if texts.count(columns) > 1)
        raise InputError(f"Two roles use the same column “{' + '.join(twice)}”.", todo="Select different columns.")


def check_same(frame: pd.DataFrame, mapping: ColumnMapping) -> None:
    """Raise InputError for a class in `same` that the column lacks, and for two unclear classes."""
    if mapping.shape is not Shape.LABELLED_PAIRS:
        return
    column = mapping.roles["label"][0]
    classes = classes_of(frame[column].astype("str"), mapping)
    shown = ", ".join(f"“{name[:40]}”" for name in classes[:12])
    unknown = [name for name in mapping.same if name not in classes]
    if len(unknown) == len(mapping.same) and unknown:
        raise InputError(f"“{column}” has no class “{unknown[0]}”.", todo=f"It has {shown}.")
    if not mapping.same and len(classes) == 2 and not one_means_same(mapping, classes):
        raise InputError(
            f"It isn't clear which class of “{column}” means the same: {shown}.",
            todo="Select it as the positive class (--same CLASS on the command line).",
        )


def one_means_same(mapping: ColumnMapping, classes: Iterable[str]) -> bool:
    """Check whether the classes are 0 and 1, and nothing says that 1 means something else.

    In a column of wrong answers it does, and between premise and hypothesis it may: RTE of GLUE has 0 for entailment.
    """
    sides = {column_key(name) for role in mapping.texts for name in mapping.roles.get(role, ())}
    words = {word for name in mapping.roles.get("label", ()) for word in column_key(name).split("_")}
    return set(classes) <= {"0", "1"} and NLI_NAMES.isdisjoint(sides) and OPPOSITE_WORDS.isdisjoint(words)


def join_columns(frame: pd.DataFrame, columns: tuple[str, ...], joiner: str) -> pd.Series:
    """Join the columns of each row into one text, without empty cells."""
    if len(columns) == 1:
        return as_cells(frame[columns[0]])
    rows = zip(*(frame[name].to_numpy(dtype=object) for name in columns), strict=True)
    return _texts([joiner.join(cell for cell in cells if cell.strip()) for cells in rows])


def rescale_scores(values: pd.Series, scale: tuple[float, float]) -> pd.Series:
    """Rescale scores to [0, 1], (x - low) / (high - low).

    A scale from -1 to 1 is kept; one that falls, as of distances, is turned round. NaN where there is no number.
    """
    low, high = scale
    if high == low:
        raise InputError(f"The score scale {low:g} to {high:g} is empty.", todo="Enter two different numbers.")
    numbers = parse_numbers(values).reset_index(drop=True)
    return numbers if (low, high) == (-1, 1) else (numbers - low) / (high - low)


def normalise_labels(values: pd.Series, mapping: ColumnMapping) -> pd.Series:
    """Strip the labels, and blank those that mean "no value".

    Those of pairs become "1" where `same` names them, else "0".
    Without any name in `same` they stay.
    """
    plain = _texts([value.strip() for value in values.to_numpy(dtype=object)])
    missing = plain.isin(no_value_classes(plain, mapping))
    plain = plain.mask(missing, "")
    if mapping.shape is not Shape.LABELLED_PAIRS or not mapping.same:
        return plain
    is_same = plain.isin(list(mapping.same))
    return _texts(np.where(plain == "", "", np.where(is_same, "1", "0")))


MAX_UNLABELLED_SHARE = 0.2
"""-1 beside 0 and 1 is a class of its own where more of the rows have it."""


def no_value_classes(plain: pd.Series, mapping: ColumnMapping) -> list[str]:
    """List the classes that mean "no value": n/a, NaN, -; and -1 beside 0 and 1, as in SNLI."""
    counts = plain.value_counts()
    names = [name for name in map(str, counts.index) if name not in mapping.same]
    empty = no_value_cells(map(str, counts.index))
    found = [name for name in names if name in empty and name]
    if mapping.shape is Shape.LABELLED_PAIRS and "-1" in names:
        rest = {name for name in map(str, counts.index) if name and name not in found} - {"-1"}
        rare = counts["-1"] <= MAX_UNLABELLED_SHARE * max(1, counts.sum())
        if {"0", "1"} <= rest and all(name.isdecimal() for name in rest) and rare:
            found.append("-1")
    return found


def classes_of(values: pd.Series, mapping: ColumnMapping) -> list[str]:
    """List the classes of a column, the most frequent first, without those that mean "no value"."""
    plain = _texts([value.strip() for value in values.to_numpy(dtype=object)])
    counts = plain.mask(plain.isin(no_value_classes(plain, mapping)), "").value_counts()
    return [str(name) for name in counts.index if name]


def rare_spellings(values: pd.Series) -> np.ndarray:
    """Flag the rows whose class differs from a more frequent one in case or blanks only."""
    plain = _texts([value.strip() for value in values.to_numpy(dtype=object)])
    first: dict[str, str] = {}
    names = [str(name) for name in plain.value_counts().index if name]
    rare = [name for name in names if first.setdefault(class_key(name), name) != name]
    return plain.isin(rare).to_numpy()


def guess_same_of(frame: pd.DataFrame, mapping: ColumnMapping) -> tuple[str, ...] | None:
    """Guess which classes of labelled pairs mean the same; None where that is not clear.

    A yes in a column of wrong answers is no same.
    """
    column = mapping.roles["label"][0]
    if not OPPOSITE_WORDS.isdisjoint(column_key(column).split("_")):
        return None
    texts = {column_key(name) for role in mapping.texts for name in mapping.roles.get(role, ())}
    classes = classes_of(frame[column].astype("str"), mapping)
    return guess_same(classes, nli=not NLI_NAMES.isdisjoint(texts))


def parse_split_column(values: pd.Series, column: str) -> pd.Series:
    """Parse a split column as train, validation and held_out. Raises InputError for any other word."""
    known = {word: part for part, words in SPLIT_WORDS.items() for word in words} | {"": "train"}
    found = [known.get(value.strip().casefold()) for value in values.to_numpy(dtype=object)]
    if None in found:
        at = found.index(None)
        raise InputError(
            f"“{str(values.iloc[at])[:60]}” in the split column “{column}” is not a split.",
            todo="Use train, validation (valid, dev) and held_out (test), or choose no split column.",
        )
    return _texts(found)


def parse_scale(name: str) -> tuple[float, float]:
    """Parse a scale such as 0-5 or -1-1. Raises InputError for anything else."""
    if name in SCALES:
        return SCALES[name]
    low, dash, high = name.rpartition("-")
    try:
        return float(low), float(high)
    except ValueError as error:
        raise InputError(
            f"“{name}” is not a score scale.", todo="Write it as 0-5, 1-5, 0-1 or -1-1, or 1-0 for distances."
        ) from error


def _texts(values: Any) -> pd.Series:
    return pd.Series(values, dtype="str")


def _some(frame: pd.DataFrame, limit: int = 12) -> str:
    names = [str(name) for name in frame.columns[:limit]]
    return ", ".join(names) + (", ..." if len(frame.columns) > limit else "")
