"""Find the column of a pair's score or class, and what its numbers or classes mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from lib.data.columns.mapping import ColumnMapping, guess_same_of
from lib.data.columns.names import DISTANCE_NAMES, PAIR_LABEL_NAMES, SCORE_NAMES
from lib.data.columns.profile import MAX_CLASSES, ColumnProfile
from lib.shapes import Shape

MAX_MEAN_GRADES, MIN_HIGHEST_SHARE = 13, 0.05
"""Grades of several people, averaged, are so few different numbers (thirds from 0 to 4), the highest of them so often."""


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
    A few numbers from 0 or 1 are grades, whose highest is the end of the scale. falling: distances, the smallest of which
    means the same.
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
    if _are_grades(values):
        return (float(values.min()), float(values.max()))
    for known in ((0.0, 1.0), (-1.0, 1.0), (0.0, 5.0), (0.0, 10.0), (0.0, 100.0)):
        if known[0] <= low and high <= known[1]:
            return (1.0, 5.0) if known == (0.0, 5.0) and low >= 1 and values.min() >= 1 else known
    return (float(values.min()), float(values.max()))


def _are_grades(values: pd.Series) -> bool:
    """Check for grades 0 or 1 to at most 4.

    Whole ones, or few means of them of which many are the highest.
    """
    highest = values.max()
    if values.min() not in (0, 1) or highest not in (2, 3, 4) or values.nunique() < 3:
        return False
    is_mean = values.nunique() <= MAX_MEAN_GRADES and (values == highest).mean() >= MIN_HIGHEST_SHARE
    return bool((values % 1 == 0).all() or is_mean)


def value_candidates(rest: list[ColumnProfile]) -> list[ColumnProfile]:
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


def value_shape(column: ColumnProfile, *, nli: bool) -> Shape | None:
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
