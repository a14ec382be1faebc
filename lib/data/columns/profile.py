"""What the cells of a column look like, seen on a sample of rows: numbers, classes, texts, ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from lib.data.columns.names import DISTANCE_NAMES, METADATA_NAMES, VALUE_WORDS, column_key
from lib.data.columns.numbers import no_value_cells, parse_numbers
from lib.data.columns.same_class import is_polar

GUESS_ROWS = 2_000
"""Rows that columns are profiled on.

About this many, by chance: positives and negatives that take turns would all be of one kind at an even step. The scale of a score is guessed on all.
"""
MAX_CLASSES = 20
"""A column of more distinct words than this is no class of pairs."""
MIN_NUMBER_SHARE = 0.9
"""A column is numbers where at least this share of its values are: a few words don't change what it is."""
ALIKE_CHARACTERS, MIN_ALIKE_SHARE = 12, 0.9
"""First characters that this share of the cells has in common where they are no sentences."""
MIN_ID_SHARE = 0.9
ID_CELL = re.compile(
    r"[A-Za-z]{0,12}[-_:./#]?\d[\w.:/#-]*|[0-9a-f]{8,}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII
)
"""One word with digits, as ids are: q12, doc-7, 4711/b, a hash."""
DATE_CELL = re.compile(r"\d{4}[-/.]\d\d?[-/.]\d\d?([T ][\d:.+Z-]*)?|\d\d?[./]\d\d?[./]\d{2,4}([T ][\d:.+Z-]*)?")


@dataclass(frozen=True)
class ColumnProfile:
    """A column's name and what its cells look like, each property computed once."""

    name: str
    cells: pd.Series

    @cached_property
    def key(self) -> str:
        """The name in one spelling (see `column_key`)."""
        return column_key(self.name)

    @cached_property
    def filled(self) -> pd.Series:
        """The cells that are not white space."""
        return self.cells[self.cells.str.strip() != ""]

    @cached_property
    def valued(self) -> pd.Series:
        """The cells that hold a value, should this be a score or a class: without NaN, n/a and the like."""
        return self.filled[~self.filled.isin(list(no_value_cells(self.filled.unique())))]

    @cached_property
    def has_gaps(self) -> bool:
        """Whether some rows hold no value."""
        return len(self.valued) < len(self.cells)

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return int(self.valued.nunique())

    @cached_property
    def numeric(self) -> pd.Series:
        """The numbers in it where (nearly) every value is one, else an empty series."""
        cells = self.valued[~self.valued.str.strip().str.casefold().isin(["none", "unknown"])]
        numbers = parse_numbers(cells)
        enough = len(numbers) and numbers.notna().mean() >= MIN_NUMBER_SHARE
        return numbers.dropna() if enough else numbers.iloc[:0]

    @cached_property
    def is_number(self) -> bool:
        """Whether (nearly) every value is a number."""
        return len(self.numeric) > 0

    @cached_property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return self.is_number and bool((self.numeric % 1 == 0).all())

    @cached_property
    def characters(self) -> float:
        """Mean length of the filled cells."""
        return float(self.filled.str.len().mean()) if len(self.filled) else 0.0

    @property
    def is_categorical(self) -> bool:
        """Whether few distinct short values repeat, as classes do."""
        return 1 < self.distinct <= max(3, len(self.filled) // 5) and self.characters <= 60

    @cached_property
    def is_attribution(self) -> bool:
        """Whether nearly all cells begin alike, as the licence beside each pair of Tatoeba's sentences."""
        begins = self.filled.str[:ALIKE_CHARACTERS].value_counts(normalize=True)
        return len(self.filled) > 2 and bool(begins.iloc[0] >= MIN_ALIKE_SHARE)

    @property
    def is_constant(self) -> bool:
        """Whether every row holds the same value: the name of a source or a genre, as in STS."""
        return self.distinct == 1 and len(self.filled) > 2

    @cached_property
    def is_link(self) -> bool:
        """Whether it holds addresses."""
        return len(self.filled) > 0 and bool(self.filled.str.match(r"https?://\S+$").mean() > MIN_ID_SHARE)

    @cached_property
    def is_code(self) -> bool:
        """Whether the cells are single words with digits, as ids and dates are."""
        return self._share_of(ID_CELL) >= MIN_ID_SHARE or self.is_date

    @cached_property
    def is_date(self) -> bool:
        """Whether it holds dates."""
        return self._share_of(DATE_CELL) >= MIN_ID_SHARE

    @cached_property
    def is_id(self) -> bool:
        """Whether (nearly) every row has its own number or short code, as ids do."""
        if self.distinct < max(3, len(self.filled) / 2):
            return False
        return self.is_whole and self._is_running_or_large if self.is_number else self.is_code

    def _share_of(self, pattern: re.Pattern[str]) -> float:
        return float(self.filled.str.strip().str.fullmatch(pattern).mean()) if len(self.filled) else 0.0

    @property
    def _is_running_or_large(self) -> bool:
        """Whether whole numbers count the rows, or are all different and larger than any grade."""
        numbers = self.numeric
        return bool(numbers.is_unique and (numbers.is_monotonic_increasing or numbers.abs().max() > 100))

    @cached_property
    def is_text(self) -> bool:
        """Whether it holds text: no numbers, links or ids."""
        return bool(len(self.filled)) and not self.is_number and not self.is_link and not self.is_code

    @cached_property
    def is_metadata(self) -> bool:
        """Whether its name, or a part of it, says that it describes the row and not how its texts relate."""
        return self.key in METADATA_NAMES or not METADATA_NAMES.isdisjoint(self.key.split("_"))

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of its name."""
        return frozenset(self.key.split("_"))

    @cached_property
    def is_distance(self) -> bool:
        """Whether its name says that small numbers mean the same."""
        return self.key in DISTANCE_NAMES or not self.words.isdisjoint(DISTANCE_NAMES)

    @cached_property
    def has_value_word(self) -> bool:
        """Whether a word of its name says that it tells how two texts relate."""
        return not self.words.isdisjoint(VALUE_WORDS)

    @cached_property
    def is_mark(self) -> bool:
        """Whether one or two short values repeat, as marks do: x or nothing, yes or no."""
        return self.distinct <= 2 and len(self.filled) > 2 * max(1, self.distinct) and self.characters <= 30

    @cached_property
    def is_polar(self) -> bool:
        """Whether its few distinct values are words for the same and for something else: yes and no."""
        return not self.is_number and self.distinct <= MAX_CLASSES and is_polar(self.valued.unique())

    @cached_property
    def is_value(self) -> bool:
        """Whether it looks like a score or a class: numbers that are no ids, or few distinct words."""
        if self.distinct < 2 or self.is_id or self.is_link or self.is_date:
            return False
        if self.is_number:
            return True
        return self.distinct <= MAX_CLASSES and self.is_categorical

    def describe(self) -> str:
        """Write what it looks like in a few words."""
        if not len(self.valued):
            return "empty"
        if self.distinct == 1:
            where = f"{len(self.valued) / len(self.cells):.0%} of the rows" if self.has_gaps else "every row"
            return f"“{str(self.valued.iloc[0]).strip()[:40]}” in {where}"
        if self.is_date:
            return "dates"
        if self.is_id or (self.is_code and not self.is_categorical and not self.is_number):
            return "a running number or id" if self.is_number else "ids"
        if self.is_link:
            return "links"
        if self.is_number:
            low, high = self.numeric.min(), self.numeric.max()
            grade = self.is_whole and self.distinct <= 11
            return f"{low:g} to {high:g}, looks like a {'grade' if grade else 'score'}"
        if self.is_categorical:
            first = [str(name).strip()[:30] for name in self.valued.value_counts().index[:4]]
            more = ", ..." if self.distinct > len(first) else ""
            return f"{', '.join(first)}{more}, looks like a class"
        return "text"


def profile_columns(frame: pd.DataFrame) -> list[ColumnProfile]:
    """Profile every column on a sample of rows; on all rows where the sample holds a single value."""
    rows = np.arange(len(frame))
    if len(frame) > GUESS_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(len(frame), GUESS_ROWS, replace=False))
    return [_profile(str(name), frame.iloc[:, at].astype("str"), rows) for at, name in enumerate(frame.columns)]


def _profile(name: str, cells: pd.Series, rows: np.ndarray) -> ColumnProfile:
    sample = ColumnProfile(name, cells.iloc[rows])
    return sample if sample.distinct > 1 or len(rows) == len(cells) else ColumnProfile(name, cells)
