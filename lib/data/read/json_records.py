"""JSON (a list of objects, or an object of columns) and JSON Lines to rows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from lib.data.read.encoding import decode
from lib.data.read.header import are_known_names
from lib.data.read.nested import MAX_LIST_COLUMNS
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable, cell_text
from lib.data.read.records_table import records_to_table
from lib.errors import InputError
from lib.settings import MAX_COLUMNS

SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def is_json(data: bytes) -> bool:
    """Detect JSON by its first bracket, behind a byte order mark and with the zeros of UTF-16."""
    return data[:4096].translate(None, b"\0").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] in (b"[", b"{")


def read_json(data: bytes, options: ReadOptions) -> RawTable:
    """Read JSON or JSON Lines; lists of texts become columns, deeper ones are left out."""
    decoded = decode(data, encoding=options.encoding)
    table = parse_json(decoded.text.lstrip("\ufeff"))
    _check_surrogates(table, decoded.text)
    return replace(table, encoding=decoded.encoding, odd_lines=decoded.odd_lines, notes=[*decoded.notes, *table.notes])


def parse_json(text: str) -> RawTable:
    """Parse JSON as a whole, else line by line. Raises InputError with the line that is not JSON."""
    try:
        value = json.loads(text)
    except ValueError as error:
        return _parse_lines(text, error)
    except RecursionError as error:
        raise InputError("The JSON is nested far too deep.", todo="A list of flat objects is needed.") from error
    if isinstance(value, dict):
        value = _pandas_rows(value) or value
    if isinstance(value, dict):
        inner = [v for v in value.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        if len(inner) == 1:
            value = inner[0]  # {"data": [...]}, as many exports have it
        elif value and all(isinstance(v, list) for v in value.values()):
            return _from_columns(value)
        else:
            value = [value]
    if not isinstance(value, list):
        raise InputError("The JSON holds a single value.", todo="A list of objects is needed.")
    return _from_objects(value, list(range(1, len(value) + 1)), "item")


def _pandas_rows(value: dict[str, Any]) -> list[Any]:
    """List the rows of what pandas writes by `to_json`; [] for any other object.

    By columns, which is its default, by index, or split. Source: pandas.DataFrame.to_json, orient.
    """
    names, data = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(data, list) and _are_rows_of(names, data):
        return [dict(zip(names, row, strict=True)) for row in data]
    inner = list(value.values())
    if "relevant_docs" in value or not inner:  # LlamaIndex: texts and links by the same ids
        return []
    if not all(isinstance(one, dict) and one and one.keys() == inner[0].keys() for one in inner):
        return []
    if all(name.isdecimal() for name in value):
        return inner
    if all(name.isdecimal() for name in inner[0]):
        return [dict(zip(value, row, strict=True)) for row in zip(*(one.values() for one in inner), strict=True)]
    return []


def _are_rows_of(names: list[Any], data: list[Any]) -> bool:
    is_named = all(isinstance(name, str) for name in names)
    return is_named and all(isinstance(row, list) and len(row) == len(names) for row in data)


def _parse_lines(text: str, whole: ValueError) -> RawTable:
    """Parse JSON Lines; `whole` is why the text is not one JSON value."""
    objects, lines = [], []
    for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
        if not line.strip():
            continue
        try:
            objects.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            first = whole if not objects and isinstance(whole, json.JSONDecodeError) else None
            where = f"line {first.lineno}" if isinstance(first, json.JSONDecodeError) else f"line {number}"
            raise InputError(
                f"This is not valid JSON ({first or error}).", where=where, todo="Export it again."
            ) from error
        lines.append(number)
    return _from_objects(objects, lines, "line")


def _from_columns(value: dict[str, list[Any]]) -> RawTable:
    """Turn an object of equally long lists into rows."""
    lengths = {len(column) for column in value.values()}
    if len(lengths) > 1:
        raise InputError(f"The JSON's columns have different lengths ({', '.join(map(str, sorted(lengths)))}).")
    objects = [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    return _from_objects(objects, list(range(1, len(objects) + 1)), "item")


def _from_objects(objects: list[Any], lines: list[int], word: str) -> RawTable:
    """Turn flat objects, or lists of one length, into rows.

    Raises InputError for anything else. word: line or item.
    """
    if not objects:
        raise InputError("The file has no rows.", todo="Choose another one.")
    if all(isinstance(item, list) for item in objects):
        objects, lines = _name_lists(objects, lines, has_names=word == "item")
    columns: dict[str, None] = {}
    for item, line in zip(objects, lines, strict=True):
        if not isinstance(item, dict):
            raise InputError(f"This is {type(item).__name__} rather than an object.", where=f"{word} {line}")
        columns.update(dict.fromkeys(item))
    if len(columns) > MAX_COLUMNS:
        raise InputError(f"The objects have {len(columns):,} different names; {MAX_COLUMNS:,} are the limit.")
    table = records_to_table({name: [item.get(name) for item in objects] for name in columns}, lines)
    if not table.columns:
        raise InputError(
            f"The objects hold nothing but nested values. {' '.join(note.text for note in table.notes)}",
            where=f"{word} {lines[0]}",
            todo="Flat columns of text are needed.",
        )
    return table


def _name_lists(items: list[list[Any]], lines: list[int], *, has_names: bool) -> tuple[list[dict[str, Any]], list[int]]:
    """Name the values of lists: by the first list where it holds known names, else by number.

    Lists of different lengths are triplets of which some have fewer negatives: anchor, positive, negative, negative_2, ...
    has_names: whether the first list may hold names.
    """
    width = max(map(len, items))
    names = [f"column {number}" for number in range(1, width + 1)]
    if has_names and len(items) > 1 and are_known_names([cell_text(value) for value in items[0]]):
        names, items, lines = [cell_text(value) for value in items[0]], items[1:], lines[1:]
    elif (
        min(map(len, items)) < width and width <= MAX_LIST_COLUMNS and all(isinstance(v, str) for i in items for v in i)
    ):
        names = ["anchor", "positive", "negative", *(f"negative_{number}" for number in range(2, width - 1))][:width]
    return [dict(zip(names, item, strict=False)) for item in items], lines


def _check_surrogates(table: RawTable, text: str) -> None:
    """Raise InputError for half a surrogate pair: JSON can escape one, but no encoding can store it."""
    if not SURROGATE_ESCAPE.search(text):
        return
    for row, line in zip(table.rows, table.lines, strict=True):
        for cell in row:
            try:
                cell.encode("utf-8")
            except UnicodeEncodeError as error:
                raise InputError(
                    f"A text holds half a character (\\u{ord(cell[error.start]):04x} without its other half).",
                    where=f"line or item {line}",
                    todo="Remove it, or export the file again.",
                ) from error
