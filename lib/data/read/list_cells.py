"""Parse columns of cells that hold a JSON or Python list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_STRING = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_ITEM = re.compile(rf"\s*({_STRING}|[-+.\w]+)\s*(,?)", re.DOTALL)
_MAX_ITEMS = 100_000
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\n": ""}
_CODE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)


def parse_list_columns(columns: Mapping[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """Parse the columns in which every filled cell is a list: only those, None where a cell is empty."""
    return {name: lists for name, values in columns.items() if (lists := _parse_column(values))}


def _parse_column(values: Iterable[Any]) -> list[list[object] | None]:
    """Parse every value as a list, None where it is empty; [] unless all are lists and one has items."""
    lists: list[list[object] | None] = []
    for value in values:
        cell = value.strip() if isinstance(value, str) else "" if value is None else "no list"
        parsed = parse_list(cell) if cell else None
        if cell and parsed is None:
            return []
        lists.append(parsed)
    return lists if any(lists) else []


def parse_list(cell: str) -> list[object] | None:
    """Parse a JSON list, a Python list or what numpy prints (no commas); None for anything else.

    A pair of brackets around a word, as in [cls], is no list: its words would have quotes or be numbers.
    """
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return _parse_python_list(cell)
    return value if isinstance(value, list) else None


def _parse_python_list(cell: str) -> list[object] | None:
    if len(cell) > 1_000_000 or not (
        cell[1:].lstrip()[:1] in "'\"" or cell[1:].lstrip()[:1].isdigit() or cell[1:].lstrip()[:1] in "-]N"
    ):
        return None
    items: list[object] = []
    at, end = 1, len(cell) - 1
    while at < end:
        match = _ITEM.match(cell, at, end)
        if match is None:
            return items if not cell[at:end].strip() else None
        word = match[1]
        item = _literal(word)
        if item is _NO_ITEM or len(items) >= _MAX_ITEMS:
            return None
        items.append(item)
        at = match.end()
    return items


_NO_ITEM = object()


def _literal(word: str) -> object:
    """Read a quoted string, a number, None or a truth value; anything else is no item."""
    if word[0] in "'\"":
        return _CODE.sub(_unescape, word[1:-1])
    if word in ("None", "nan", "NaN", "null"):
        return None
    if word in ("True", "False"):
        return word == "True"
    try:
        return float(word)
    except ValueError:
        return _NO_ITEM


def _unescape(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code is None:
        return _ESCAPES.get(match[4], match[4] if match[4] in "\\'\"" else match[0])
    number = int(code, 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else match[0]
