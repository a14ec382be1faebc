"""Corrections that a person made by hand, kept so that they can be applied again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from lib.data.columns.mapping import Examples

REMOVED_MANUALLY = "Removed manually"


@dataclass(frozen=True)
class Correction:
    """One corrected cell, identified by line, column and old text; after=None drops the whole row."""

    line: int
    column: str
    before: str
    after: str | None

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Correction:
        """Make it of what `to_json` wrote."""
        return cls(**values)


def apply_corrections(examples: Examples, corrections: Iterable[Correction]) -> tuple[Examples, pd.Series]:
    """Apply corrections in order: the corrected examples, and which rows to drop (bool, one a row)."""
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
            changed[correction.column] = cells.mask(rows, _convert(cells, correction.after))
    return Examples(examples.shape, frame.assign(**changed)), dropped


def find_corrections(before: pd.DataFrame, after: pd.DataFrame) -> list[Correction]:
    """Find the cells that differ between two tables of the same rows, both with a column `line`."""
    corrections = []
    for name in (name for name in before.columns if name != "line"):
        old, new = before[name].astype(str).tolist(), after[name].fillna("").astype(str).tolist()
        for line, was, now in zip(before["line"].tolist(), old, new, strict=True):
            if was != now:
                corrections.append(Correction(int(line), str(name), was, now))
    return corrections


def _convert(cells: pd.Series, text: str) -> object:
    """Convert the text to the column's own type: a score stays a number."""
    if pd.api.types.is_float_dtype(cells):
        return float(pd.to_numeric(text, errors="coerce"))
    return text
