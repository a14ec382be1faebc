"""Cells and rows that a person set right by hand: what they were, what they are, and how to do it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from lib.data.columns.mapping import Examples

REMOVED_BY_HAND = "Left out by hand"


@dataclass(frozen=True)
class Correction:
    """One cell, found by line, column and what stood there; `after` is None where the whole row is left out."""

    line: int
    column: str
    before: str
    after: str | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def apply_corrections(examples: Examples, corrections: Iterable[Correction]) -> tuple[Examples, pd.Series]:
    """Return the examples with the cells corrected, in order, and which rows are to be left out (bool, one a row)."""
    frame, dropped = examples.frame, pd.Series(False, index=examples.frame.index)
    changed: dict[str, pd.Series] = {}
    for correction in corrections:
        if correction.column not in frame:
            continue
        cells = changed.get(correction.column, frame[correction.column])
        rows = (frame["line"] == correction.line) & (cells.astype(str) == correction.before)
        if correction.after is None:
            dropped |= rows
        else:
            changed[correction.column] = cells.mask(rows, _as(cells, correction.after))
    return Examples(examples.shape, frame.assign(**changed)), dropped


def find_corrections(before: pd.DataFrame, after: pd.DataFrame) -> list[Correction]:
    """Return what was edited between two tables of the same rows with a column line."""
    found = []
    for name in (name for name in before.columns if name != "line"):
        old, new = before[name].astype(str).tolist(), after[name].fillna("").astype(str).tolist()
        for line, was, now in zip(before["line"].tolist(), old, new, strict=True):
            if was != now:
                found.append(Correction(int(line), str(name), was, now))
    return found


def _as(cells: pd.Series, text: str) -> object:
    """Return the corrected cell in the column's own type: a score stays a number."""
    if pd.api.types.is_float_dtype(cells):
        return float(pd.to_numeric(text, errors="coerce"))
    return text
