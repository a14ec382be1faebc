"""JSON (a list of objects, or an object of columns) and JSON Lines to rows."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from lib.data.read.concatenate import split_of_file
from lib.data.read.dataset_formats.ids import is_id_map
from lib.data.read.dataset_formats.records import Records
from lib.data.read.dataset_formats.registry import recognise_records
from lib.data.read.encoding import DecodedText, decode
from lib.data.read.header import are_known_names, count_words
from lib.data.read.nested import MAX_LIST_COLUMNS
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable, cell_text
from lib.data.read.records_table import records_to_table
from lib.errors import InputError
from lib.settings import MAX_COLUMNS

KEY_COLUMN = "key"
"""Names the list that each row stands in, where an object holds several."""
MIN_TEXT_WORDS = 4
"""A name of so many words is a text."""
BLANKS = re.compile(r"\s*")
SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def is_json(data: bytes) -> bool:
    """Detect JSON by its first bracket, behind a byte order mark and with the zeros of UTF-16."""
    return data[:4096].translate(None, b"\0").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] in (b"[", b"{")


def read_json(data: bytes, options: ReadOptions) -> RawTable:
    """Read JSON or JSON Lines; lists of texts become columns, deeper ones are left out."""
    decoded = decode(data, encoding=options.encoding)
    table = parse_json(decoded.text.lstrip("\ufeff"))
    if not table.parts:
        return _with_encoding(table, decoded)
    return replace(table, parts={name: _with_encoding(part, decoded) for name, part in table.parts.items()})


def _with_encoding(table: RawTable, decoded: DecodedText) -> RawTable:
    """Add how the text of a table was decoded. Raises InputError for half a character."""
    _check_surrogates(table, decoded.text)
    return replace(table, encoding=decoded.encoding, odd_lines=decoded.odd_lines, notes=[*decoded.notes, *table.notes])


def parse_json(text: str) -> RawTable:
    """Parse JSON as a whole, else line by line. Raises InputError with the line that is not JSON."""
    try:
        value = json.loads(text)
    except ValueError as error:
        return _from_objects(*_parse_lines(text, error), "line")
    except RecursionError as error:
        raise InputError("The JSON is nested far too deep.", todo="A list of flat objects is needed.") from error
    return _from_value(value)


def _from_value(value: Any) -> RawTable:
    """Turn a list of rows, an object of columns or one of several tables into rows."""
    if isinstance(value, dict):
        value = _pandas_rows(value) or _id_rows(value) or _entry_rows(value) or value
    if isinstance(value, dict):
        inner = next(iter(value.values())) if len(value) == 1 else None
        parts = _list_parts(value)
        if isinstance(inner, dict) and _list_parts(inner):
            return _from_value(inner)  # {"data": {"train": [...], ...}}
        if len(parts) > 1:
            return RawTable([], [], [], parts=_read_parts(parts))
        if parts:
            value = next(iter(parts.values()))  # {"data": [...]}, as many exports have it
        elif value and all(isinstance(v, list) for v in value.values()):
            return _from_columns(value)
        else:
            value = [value]
    if not isinstance(value, list):
        raise InputError("The JSON holds a single value.", todo="A list of objects is needed.")
    return _from_objects(value, list(range(1, len(value) + 1)), "item")


def _list_parts(value: dict[str, Any]) -> dict[str, Any]:
    """List the tables of an object by name: the splits of a dataset, or lists of objects; else {}.

    A split may be a list of lists or an object of columns, too. Empty ones are passed over. Lists of objects that all
    have the same names, as of the questions by document, are one table with their keys as a column.
    """
    lists = {name: one for name, one in value.items() if isinstance(one, list) and one}
    splits = {name: one for name, one in value.items() if isinstance(one, (list, dict)) and one and split_of_file(name)}
    are_rows = all(isinstance(one, dict) or isinstance(one[0], (list, dict)) for one in splits.values())
    if are_rows and len(set(map(split_of_file, splits))) > 1 and lists.keys() <= splits.keys():
        return splits
    tables = {name: one for name, one in lists.items() if isinstance(one[0], dict)}
    if len(tables) < 2:
        return tables
    if (
        tables.keys() != lists.keys()
        or recognise_records(Records({name: [one] for name, one in value.items()}, [1]))[0]
    ):
        return {}
    return _join_lists(tables) or (tables if len(tables) <= MAX_COLUMNS else {})


def _join_lists(lists: dict[str, list[Any]]) -> dict[str, Any]:
    """Join lists of objects with the same names to one list with the key of each; {} for others."""
    names = {frozenset(item) if isinstance(item, dict) else None for items in lists.values() for item in items}
    if len(names) != 1 or any(one is None or KEY_COLUMN in one for one in names):
        return {}
    return {"": [{**item, KEY_COLUMN: name} for name, items in lists.items() for item in items]}


def _read_parts(parts: dict[str, Any]) -> dict[str, RawTable]:
    """Read every part of an object; parts in one of them by both names."""
    tables: dict[str, RawTable] = {}
    for name, value in parts.items():
        table = _from_value(value)
        tables |= {f"{name}/{inner}": part for inner, part in table.parts.items()} or {name: table}
    return tables


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


def _id_rows(value: dict[str, Any]) -> list[Any]:
    """List the rows of an object from ids to ids, which are refused as such; [] for any other object."""
    return [{"id": name, "ids": one} for name, one in value.items()] if is_id_map(value) else []


def _entry_rows(value: dict[str, Any]) -> list[Any]:
    """List the entries of an object from texts to texts (questions to answers); [] for any other.

    Most of its names are longer than the name of a column, so that it is no row by itself.
    """
    texts = sum(count_words(name) >= MIN_TEXT_WORDS for name in value)
    if len(value) < 2 or 2 * texts <= len(value) or not all(isinstance(one, (str, list)) for one in value.values()):
        return []
    return [{"anchor": name, "positive": one} for name, one in value.items()]


def _are_rows_of(names: list[Any], data: list[Any]) -> bool:
    is_named = all(isinstance(name, str) for name in names)
    return is_named and all(isinstance(row, list) and len(row) == len(names) for row in data)


def read_json_objects(data: bytes, options: ReadOptions) -> list[dict[str, Any]]:
    """Read a list of objects or JSON Lines as they are; of an object with one list, its objects.

    Raises InputError for anything else.
    """
    text = decode(data, encoding=options.encoding).text.lstrip("\ufeff")
    try:
        value = json.loads(text)
    except ValueError as error:
        value = _parse_lines(text, error)[0]
    except RecursionError as error:
        raise InputError("The JSON is nested far too deep.", todo="A list of flat objects is needed.") from error
    if isinstance(value, dict):
        lists = [one for one in value.values() if isinstance(one, list) and one and isinstance(one[0], dict)]
        value = _pandas_rows(value) or (lists[0] if len(lists) == 1 else [value])
    for number, item in enumerate(value if isinstance(value, list) else [value], start=1):
        if not isinstance(item, dict):
            raise InputError(
                f"This is {type(item).__name__} rather than an object.",
                where=f"item {number}",
                todo="One object a row is needed.",
            )
    return list(value)


def _parse_lines(text: str, whole: ValueError) -> tuple[list[Any], list[int]]:
    """Parse JSON Lines to values and their lines; `whole` is why the text is not one JSON value."""
    objects, lines = [], []
    for number, line in enumerate(re.split("\r\n|\n|\r", text), start=1):
        if not line.strip():
            continue
        try:
            objects.append(json.loads(line.removeprefix("\ufeff")))
        except (ValueError, RecursionError) as error:
            if not objects and str(whole).startswith("Extra data"):
                return _parse_stream(text)
            first = whole if not objects and isinstance(whole, json.JSONDecodeError) else None
            where = f"line {first.lineno}" if isinstance(first, json.JSONDecodeError) else f"line {number}"
            raise InputError(
                f"This is not valid JSON ({first or error}).", where=where, todo="Export it again."
            ) from error
        lines.append(number)
    return objects, lines


def _parse_stream(text: str) -> tuple[list[Any], list[int]]:
    """Parse values that stand one behind the other over several lines, as jq writes them.

    Raises InputError with the line that is not JSON.
    """
    objects, lines = [], []
    at = BLANKS.match(text).end()  # type: ignore[union-attr]
    line = 1 + text.count("\n", 0, at)
    decoder = json.JSONDecoder()
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"This is not valid JSON ({error}).", where=f"line {line}", todo="Export it again."
            ) from error
        objects.append(value)
        lines.append(line)
        end = BLANKS.match(text, end).end()  # type: ignore[union-attr]
        line += text.count("\n", at, end)
        at = end
    return objects, lines


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
