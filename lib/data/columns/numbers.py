"""Parse the numbers of a column: percentages, fractions, decimal commas, cells without a value."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from lib.data.normalisation import words

NO_VALUE_WORDS = frozenset(
    words("nan n/a na #n/a #na <na> null nil missing - -- – — ? . … #value! #div/0! #ref! #name?")
)
"""Cells, casefolded, that mean an empty one in a column of scores or classes."""
NO_NUMBER_WORDS = NO_VALUE_WORDS | {"none", "unknown"}
"""The same among numbers, where a word is no class."""

HYPHENS = frozenset(words("- -- – —"))
PERCENT = re.compile(r"(.*?)\s*[%％٪]")
FRACTION = re.compile(r"(\d+(?:[.,]\d+)?)\s*/\s*(\d+)")
THREE_DECIMALS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
"""A comma that may group thousands: 1,000; in a column of 0,250 and 1,5 it is a decimal one."""
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
MAX_NUMBER_CHARACTERS = 40
"""A longer cell is a text."""


def is_no_value(cell: str, *, numeric: bool = False) -> bool:
    """Check whether a cell of a score or class column means that there is none."""
    word = cell.strip().casefold()
    return not word or word in (NO_NUMBER_WORDS if numeric else NO_VALUE_WORDS)


def no_value_cells(cells: Iterable[str]) -> frozenset[str]:
    """Choose the cells that mean an empty one; a hyphen beside nothing but a plus is its opposite."""
    values = set(cells)
    empty = frozenset(cell for cell in values if is_no_value(cell))
    filled = {cell.strip() for cell in values - empty}
    return frozenset(cell for cell in empty if cell.strip() not in HYPHENS) if filled == {"+"} else empty


def parse_numbers(values: pd.Series) -> pd.Series:
    """Parse numbers, `85%` as 0.85, `4/5` as 0.8, decimal commas; anything else becomes NaN.

    Whether a comma groups thousands or begins decimals is decided by the column's other cells.
    """
    plain = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, copy=True)
    plain[~np.isfinite(plain)] = np.nan
    odd = np.flatnonzero(np.isnan(plain)).tolist()
    if odd:
        cells = [str(cell)[: MAX_NUMBER_CHARACTERS + 2].strip() for cell in values.to_numpy(dtype=object)]
        grouped = comma_groups_thousands(cells)
        known = {cell: _parse(cell, grouped=grouped) for cell in {cells[at] for at in odd}}
        plain[odd] = [known[cells[at]] for at in odd]
    return pd.Series(plain, index=values.index)


def comma_groups_thousands(cells: list[str]) -> bool:
    """Decide whether the commas of a column group thousands: every one stands before three digits.

    And a number without a comma, a full stop or a second comma beside them says that they are no decimals.
    """
    commas = [cell for cell in dict.fromkeys(cells) if "," in cell and any(letter.isdigit() for letter in cell)]
    if not commas or not all(GROUPED.fullmatch(cell) for cell in commas):
        return False
    if any("." in cell or cell.count(",") > 1 for cell in commas):
        return True
    if not all(THREE_DECIMALS.fullmatch(cell) for cell in commas):
        return False  # 0,125
    return any(re.fullmatch(r"[+-]?\d+(\.\d+)?", cell) for cell in cells)


def _parse(cell: str, *, grouped: bool) -> float:
    if len(cell) > MAX_NUMBER_CHARACTERS:  # also one that was cut
        return float("nan")
    percent = PERCENT.fullmatch(cell)
    if percent:
        return _plain_number(percent.group(1), grouped=grouped) / 100
    fraction = FRACTION.fullmatch(cell)
    if fraction:
        whole = float(fraction.group(2))
        return _plain_number(fraction.group(1), grouped=grouped) / whole if whole else float("nan")
    return _plain_number(cell, grouped=grouped)


def _plain_number(cell: str, *, grouped: bool) -> float:
    """Parse one number; NaN for anything else, also for infinity."""
    text = cell.strip().replace("−", "-").replace("\u00a0", "")
    if "," in text and "." in text:  # the last of the two begins the decimals
        first, last = (",", ".") if text.rfind(".") > text.rfind(",") else (".", ",")
        text = text.replace(first, "").replace(last, ".")
    elif "," in text:
        text = text.replace(",", "") if grouped or text.count(",") > 1 else text.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        return float("nan")
    number = float(text)
    return number if np.isfinite(number) else float("nan")
