"""What the cells of a column look like: numbers, classes, texts or links, seen on a sample of rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from lib.data.columns.mapping import parse_numbers

GUESS_ROWS = 2_000
"""Rows that columns are profiled on, evenly over the file.

About this many; the scale of a score is guessed on all.
"""


@dataclass(frozen=True)
class ColumnProfile:
    """A column's name and what its cells look like, each property computed once."""

    name: str
    cells: pd.Series

    @property
    def key(self) -> str:
        """The name in one spelling: question_1, Question1 and question 1 are all question1."""
        spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(self.name)).casefold()
        return re.sub(r"_(?=\d+$)", "", re.sub(r"[^a-z0-9]+", "_", spaced).strip("_"))

    @cached_property
    def filled(self) -> pd.Series:
        """The cells that are not white space."""
        return self.cells[self.cells.str.strip() != ""]

    @cached_property
    def distinct(self) -> int:
        """How many different filled cells there are."""
        return int(self.filled.nunique())

    @cached_property
    def numeric(self) -> pd.Series:
        """The numbers in it where every filled cell is one, else an empty series."""
        numbers = parse_numbers(self.filled)
        return numbers if len(numbers) and not numbers.isna().any() else numbers.iloc[:0]

    @cached_property
    def is_number(self) -> bool:
        """Whether every filled cell is a number."""
        return len(self.numeric) > 0

    @cached_property
    def characters(self) -> float:
        """Mean length of the filled cells."""
        return float(self.filled.str.len().mean()) if len(self.filled) else 0.0

    @property
    def is_categorical(self) -> bool:
        """Whether few distinct short values repeat, as classes do."""
        return 1 < self.distinct <= max(3, len(self.filled) // 5) and self.characters <= 60

    @property
    def is_text(self) -> bool:
        """Whether it holds text that is neither numbers nor links."""
        link = self.filled.str.match(r"https?://\S+$").mean() > 0.9 if len(self.filled) else False
        return bool(len(self.filled)) and not self.is_number and not link


def profile_columns(frame: pd.DataFrame) -> list[ColumnProfile]:
    """Profile every column on a sample of rows."""
    step = max(1, len(frame) // GUESS_ROWS)
    return [ColumnProfile(str(name), frame.iloc[::step, at].astype("str")) for at, name in enumerate(frame.columns)]
