"""The groups of texts that can be compared: of a lasso, a region, a class, a value of a column.

Each has a word, with which it stands in the address. Light: pages call it.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from lib.errors import InputError
from lib.format import format_count
from lib.projection.regions import NEAR, WIDE, Regions

_TEXTS, _CLASS, _COLUMN = "texts:", "class:", "column:"

_MAX_VALUES = 20
"""Most frequent values of a column, and largest classes, that are offered."""

_LEVELS = {WIDE: "Region", NEAR: "Near region"}


class GroupedTexts(Protocol):
    """The texts of a map and what groups them.

    lines: pair, source, target (text ids). Labelled texts alone have classes (text ids by name) and rows (of the dataset, of every text).
    columns: by name, the cells of a column by the id of a row. regions: by level of zoom.
    """

    @property
    def texts(self) -> Sequence[str]:
        """All texts of the map."""

    @property
    def lines(self) -> pd.DataFrame:
        """The lines of the pairs."""

    @property
    def classes(self) -> Mapping[str, np.ndarray]:
        """The classes, the largest first."""

    @property
    def rows(self) -> np.ndarray:
        """The row of each text."""

    @property
    def columns(self) -> Mapping[str, pd.Series]:
        """The columns that describe a row."""

    @property
    def regions(self) -> Mapping[str, Regions]:
        """The regions with names."""


def column_values(cells: pd.Series) -> list[str]:
    """List the values of a column, the most frequent first."""
    counts = cells[cells != ""].value_counts(sort=False)
    return [str(value) for value in counts.sort_index().sort_values(ascending=False, kind="stable").index]


def find_group(data: GroupedTexts, name: str) -> str:
    """Find the word of the group that a person names.

    By its word, its title, or its title without the kind. Raises InputError where there is none, or more than one.
    """
    titles = group_titles(data)
    if name in titles or len(group_texts(data, name)):  # a link may name a value that is too rare for the list
        return name
    sought = name.strip().casefold()
    whole = [word for word, title in titles.items() if title.casefold() == sought]
    found = whole or [word for word, title in titles.items() if title.partition(": ")[2].casefold() == sought]
    if len(found) == 1:
        return found[0]
    reason = f"is the name of {len(found)} groups" if found else "is the name of no group"
    raise InputError(
        f"“{name}” {reason} of this map.",
        todo="List the groups with `python -m lib groups RUN`, and take a whole line.",
    )


def group_titles(data: GroupedTexts) -> dict[str, str]:
    """List the groups that can be chosen by name, by their word in the address."""
    titles: dict[str, str] = {}
    for level, kind in _LEVELS.items():
        names = data.regions[level].names if level in data.regions else ()
        titles |= {f"{level}:{number}": f"{kind}: {name}" for number, name in enumerate(names)}
    titles |= {f"{_CLASS}{name}": f"Class: {name}" for name in list(data.classes)[:_MAX_VALUES]}
    for name, cells in data.columns.items():
        values = column_values(cells)[:_MAX_VALUES]
        titles |= {f"{_COLUMN}{name}={value}": f"{name}: {value}" for value in values}
    return titles


def group_title(data: GroupedTexts, word: str) -> str:
    """Write what a group is."""
    if word.startswith(_TEXTS):
        return f"Lasso: {format_count(len(group_texts(data, word)), 'text')}"
    return group_titles(data).get(word, word)


def group_texts(data: GroupedTexts, word: str) -> np.ndarray:
    """List the text ids of a group; none where the word names no group of this map."""
    kind, _, rest = word.partition(":")
    if word.startswith(_TEXTS):
        return decode_texts(word, texts=len(data.texts))
    if kind in _LEVELS and kind in data.regions:
        return _texts_of_region(data.regions[kind], rest)
    if word.startswith(_CLASS) and rest in data.classes:
        return np.asarray(data.classes[rest], np.int64)
    for name in data.columns:
        if word.startswith(f"{_COLUMN}{name}="):
            return _texts_of_value(data, name, word.removeprefix(f"{_COLUMN}{name}="))
    return np.empty(0, np.int64)


def _texts_of_region(regions: Regions, number: str) -> np.ndarray:
    known = {str(one): one for one in range(len(regions.names))}
    return np.flatnonzero(regions.of_text == known[number]) if number in known else np.empty(0, np.int64)


def _texts_of_value(data: GroupedTexts, name: str, value: str) -> np.ndarray:
    """List the texts of the rows whose column has this value."""
    cells = data.columns[name]
    rows = cells.index[cells == value]
    if data.classes:
        return np.flatnonzero(np.isin(data.rows, rows))
    lines = data.lines[data.lines["pair"].isin(rows)]
    return np.union1d(lines["source"].to_numpy(np.int64), lines["target"].to_numpy(np.int64))


def encode_texts(texts: Iterable[int]) -> str:
    """Write text ids as the word of a group: one bit a text, compressed, base64."""
    ids = np.unique(np.fromiter(texts, np.int64))
    bits = np.zeros(int(ids.max(initial=-1)) + 1, bool)
    bits[ids] = True
    packed = zlib.compress(np.packbits(bits).tobytes(), 9)
    return _TEXTS + base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def decode_texts(word: str, *, texts: int) -> np.ndarray:
    """Read the text ids of a word; none where it is damaged, or names others than the map's first `texts`."""
    code = word.removeprefix(_TEXTS)
    most = texts // 8 + 1
    try:
        packed = base64.b64decode(code + "=" * (-len(code) % 4), altchars=b"-_", validate=True)
        bits = zlib.decompressobj().decompress(packed, most + 1)  # at most so much is unpacked, whatever it claims
    except (binascii.Error, ValueError, zlib.error):
        return np.empty(0, np.int64)
    ids = np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8)))
    return ids if len(bits) <= most and ids.max(initial=-1) < texts else np.empty(0, np.int64)
