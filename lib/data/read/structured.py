"""Excel, JSON, JSON Lines and Parquet to rows."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

from lib.data.read.raw import RawTable
from lib.errors import InputError
from lib.settings import MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS

BOMB_RATIO = 200
BOMB_BYTES = 200_000_000


def read_xlsx(data: bytes, *, sheet: str = "", header: bool | None = None) -> RawTable:
    """Return the rows of one sheet (the first that holds any, unless named). Lines are the sheet's row numbers."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    check_bomb(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise InputError(
            f"The Excel file is damaged ({error}).", todo="Open it, save it again, and upload that."
        ) from error
    names = book.sheetnames
    if sheet and sheet not in names:
        raise InputError(f"There is no sheet “{sheet}”.", todo=f"There are: {', '.join(names)}.")
    for name in [sheet] if sheet else names:
        rows, lines = sheet_rows(book[name])
        if rows:
            return with_header(rows, lines, header, {"sheet": name, "sheets": names})
    raise InputError("The Excel file has no filled cells.", todo="Choose another file or sheet.")


def check_bomb(data: bytes) -> None:
    """Refuse an archive that would unpack to far more than it holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(item.file_size for item in archive.infolist())
            locked = any(item.flag_bits & 1 for item in archive.infolist())
    except zipfile.BadZipFile as error:
        raise InputError("The Excel file is cut off or damaged.", todo="Copy or download it again.") from error
    if locked:
        raise InputError("The Excel file is password-protected.", todo="Save it without a password, and upload that.")
    if total > MAX_FILE_BYTES or (total > BOMB_BYTES and total > BOMB_RATIO * len(data)):
        raise InputError(
            f"The Excel file would unpack to {total / 1e9:.1f} GB, which is {total // max(1, len(data))} times its size.",
            todo="Save the sheet as CSV, and upload that.",
        )


def sheet_rows(sheet: Any) -> tuple[list[list[str]], list[int]]:
    """Return the filled rows of a sheet as text, and their row numbers."""
    rows, lines = [], []
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells = [as_text(cell) for cell in row[: MAX_COLUMNS + 1]]
        if any(cells):
            rows.append(cells)
            lines.append(number)
    return rows, lines


def with_header(rows: list[list[str]], lines: list[int], header: bool | None, facts: dict[str, Any]) -> RawTable:
    """Take the header off rows of a sheet and bring all to one width."""
    from lib.data.read import delimited

    width = max(len(row) for row in rows)
    while width > 1 and not any(len(row) >= width and row[width - 1] for row in rows):
        width -= 1  # empty columns at the right edge are formatting, not data
    rows = [(row + [""] * width)[:width] for row in rows]
    has_header = delimited.detect_header(rows) if header is None else header
    columns = delimited.unique_column_names(rows[0]) if has_header else [f"column {n}" for n in range(1, width + 1)]
    start = int(has_header)
    return RawTable(columns, rows[start:], lines[start:], facts={"header": has_header, **facts})


def as_text(cell: Any) -> str:
    """Return a cell as a person sees it: whole numbers without .0, dates as ISO, nothing as empty."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def read_json(text: str) -> RawTable:
    """Return the rows of JSON (a list of objects, or an object of columns) or of JSON Lines."""
    try:
        value = json.loads(text)
    except ValueError as error:
        return read_lines(text, error)
    except RecursionError as error:
        raise InputError("The JSON is nested far too deep.", todo="A list of flat objects is needed.") from error
    if isinstance(value, dict):
        inner = [v for v in value.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        if len(inner) == 1:
            value = inner[0]  # {"data": [...]}, as many exports have it
        elif value and all(isinstance(v, list) for v in value.values()):
            return from_columns(value)
        else:
            value = [value]
    if not isinstance(value, list):
        raise InputError("The JSON holds a single value.", todo="A list of objects is needed.")
    return from_objects(value, list(range(1, len(value) + 1)), "item")


def read_lines(text: str, whole: ValueError) -> RawTable:
    """Return the rows of JSON Lines; raise InputError with the line that is no JSON."""
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
    return from_objects(objects, lines, "line")


def from_columns(value: dict[str, list]) -> RawTable:
    """Return the rows of an object of equally long lists."""
    lengths = {len(column) for column in value.values()}
    if len(lengths) > 1:
        raise InputError(f"The JSON's columns have different lengths ({', '.join(map(str, sorted(lengths)))}).")
    objects = [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    return from_objects(objects, list(range(1, len(objects) + 1)), "item")


def from_objects(objects: list[Any], lines: list[int], word: str) -> RawTable:
    """Return the rows of flat objects; raise InputError for what is no object or is nested."""
    if not objects:
        raise InputError("The file has no rows.", todo="Choose another one.")
    if all(isinstance(item, list) and len(item) == len(objects[0]) for item in objects):
        objects = [{f"column {n}": v for n, v in enumerate(item, start=1)} for item in objects]
    columns: dict[str, None] = {}
    for item, line in zip(objects, lines, strict=True):
        if not isinstance(item, dict):
            raise InputError(f"This is {type(item).__name__} rather than an object.", where=f"{word} {line}")
        columns.update(dict.fromkeys(item))
    if len(columns) > MAX_COLUMNS:
        raise InputError(f"The objects have {len(columns):,} different names; {MAX_COLUMNS:,} are the limit.")
    flat = {name: flatten(objects, lines, name, word) for name in columns}
    expanded = {key: values for part in flat.values() for key, values in part.items()}
    rows = [list(row) for row in zip(*expanded.values(), strict=True)]
    return RawTable([str(name) for name in expanded], rows, lines, facts={"header": True})


def flatten(objects: list[dict[str, Any]], lines: list[int], name: str, word: str) -> dict[str, list[str]]:
    """Return one column as text; a list of texts becomes several columns (negatives), anything deeper is refused."""
    values = [item.get(name) for item in objects]
    if not any(isinstance(value, (list, dict)) for value in values):
        return {name: [as_text(value) for value in values]}
    for value, line in zip(values, lines, strict=True):
        if isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, (list, dict)) for v in value)):
            raise InputError(f"“{name}” is nested.", where=f"{word} {line}", todo="Flat columns of text are needed.")
    lists = [value if isinstance(value, list) else [] if value is None else [value] for value in values]
    width = max(len(item) for item in lists)
    return {
        name if n == 0 else f"{name}_{n + 1}": [as_text(item[n]) if n < len(item) else "" for item in lists]
        for n in range(width)
    }


def read_xml(text: str) -> RawTable:
    """Return the rows of flat XML: one row for each child of the root, one column a tag; repeated tags are numbered."""
    import xml.etree.ElementTree as tree

    if "<!doctype" in text[:4096].lower() or "<!entity" in text[:4096].lower():
        raise InputError(
            "This XML or HTML brings its own definitions.",
            where="line 1",
            todo="Export it as CSV, Excel, JSON or Parquet.",
        )
    try:
        root = tree.fromstring(text)
    except tree.ParseError as error:
        line = error.position[0]
        raise InputError(
            f"This is not valid XML ({error}).", where=f"line {line}", todo="Export it as CSV, Excel, JSON or Parquet."
        ) from error
    objects: list[dict[str, list[str]]] = []
    for child in root:
        item: dict[str, list[str]] = {}
        for part in child:
            if len(part):
                raise InputError(
                    f"“{part.tag}” is nested.",
                    where=f"item {len(objects) + 1}",
                    todo="Flat columns of text are needed.",
                )
            item.setdefault(part.tag, []).append((part.text or "").strip())
        objects.append(item)
    return from_objects(objects, list(range(1, len(objects) + 1)), "item")


def read_parquet(data: bytes) -> RawTable:
    """Return the rows of a Parquet file; nested columns are refused by name."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        rows = file.metadata.num_rows
        if rows > MAX_ROWS:
            raise InputError(f"The file has {rows:,} rows; {MAX_ROWS:,} are the limit.")
        for column in file.schema_arrow:
            if pa.types.is_nested(column.type):
                raise InputError(
                    f"The column “{column.name}” is nested ({column.type}).",
                    todo="Keep flat columns of text, then upload again.",
                )
        table = file.read()
    except (pa.ArrowInvalid, pa.ArrowIOError, OSError) as error:
        raise InputError(
            f"The Parquet file is damaged ({str(error)[:120]}).", todo="Copy or download it again."
        ) from error
    columns = [[as_text(value) for value in column.to_pylist()] for column in table.columns]
    if not columns or not rows:
        raise InputError("The file has no rows.", todo="Choose another one.")
    return RawTable(
        list(table.column_names),
        [list(row) for row in zip(*columns, strict=True)],
        list(range(1, rows + 1)),
        facts={"header": True},
    )
