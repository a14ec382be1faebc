"""The groups of texts that can be compared: of a lasso, a region, a class, a value of a column.

Each has a word, with which it stands in the address.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable

import numpy as np

from lib.charts.map.groups import NO_GROUP, MarkGroups
from lib.format import format_count
from lib.projection.regions import NEAR, WIDE, Regions
from lib.ui.explore.map.data import MapData, column_values

_TEXTS, _CLASS, _COLUMN = "texts:", "class:", "column:"

_MAX_VALUES = 20
"""Most frequent values of a column, and largest classes, that are offered."""

_LEVELS = {WIDE: "Region", NEAR: "Near region"}


def group_titles(data: MapData) -> dict[str, str]:
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


def group_title(data: MapData, word: str) -> str:
    """Write what a group is."""
    if word.startswith(_TEXTS):
        return f"Lasso: {format_count(len(group_texts(data, word)), 'text')}"
    return group_titles(data).get(word, word)


def group_texts(data: MapData, word: str) -> np.ndarray:
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


def _texts_of_value(data: MapData, name: str, value: str) -> np.ndarray:
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


def colour_groups(data: MapData, words: tuple[str, str]) -> MarkGroups:
    """Build the groups that colour the map where A and B are compared; a text of both has neither colour."""
    first, second = (group_texts(data, word) for word in words)
    of_text = np.full(len(data.texts), NO_GROUP)
    of_text[first], of_text[second] = 0, 1
    of_text[np.intersect1d(first, second)] = NO_GROUP
    return MarkGroups(("A", "B"), of_text, other="Other texts")
