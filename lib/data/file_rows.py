"""The rows of a file as they are, every column with its own type.

For what adds to a file rather than learns from it. Nothing is recognised, unpacked or left out here but blank lines: a row of the file is a row of the result.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from lib.data.columns.mapping import join_columns
from lib.data.columns.names import ANCHOR_NAMES, POSITIVE_NAMES, TEXT_NAMES
from lib.data.columns.pair_columns import find_by_name
from lib.data.columns.profile import GUESS_ROWS, profile_columns
from lib.data.model_inputs import Role
from lib.data.read.child_process import call_reader
from lib.data.read.columnar import check_rows, name_file_damage, open_arrow
from lib.data.read.file_bytes import read_bytes
from lib.data.read.formats import detect_format
from lib.data.read.header import unique_column_names
from lib.data.read.json_records import read_json_objects
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import cell_text
from lib.errors import InputError
from lib.memory import limit_memory
from lib.process import answer_call
from lib.settings import MAX_COLUMNS, PARSE_MEMORY_BYTES

JOINER = "\n"
"""Between the columns that make one text, as in a dataset."""

SHOWN_COLUMNS = 20
"""Names that an error lists."""


@dataclass(frozen=True)
class FileRows:
    """The rows of a file: an Arrow table with its own column names and types."""

    table: pa.Table

    def texts(self, columns: Sequence[str]) -> list[str]:
        """Write a text for each row: its cells of these columns, joined by a line break. Raises InputError."""
        self.check_columns(columns)
        cells = {name: [cell_text(cell) for cell in self.table.column(name).to_pylist()] for name in columns}
        return [str(text) for text in join_columns(pd.DataFrame(cells, dtype=object), tuple(columns), JOINER)]

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raise InputError for a column that is not there."""
        for name in columns:
            if name not in self.table.column_names:
                raise InputError(f"There is no column “{name}”.", todo=f"There are: {self._names()}.")

    def guess_columns(self, role: Role, roles: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
        """Guess the columns of the texts: those that a dataset had for this role, else the only text.

        roles: the columns of a dataset by canonical role; one of them is taken where the file has it as a whole. Raises
        InputError where several columns come into question.
        """
        is_query = role is Role.QUERY
        for name in ("anchor" if is_query else "positive", "text"):
            columns = tuple(roles.get(name, ()))
            if columns and set(columns) <= set(self.table.column_names):
                return columns
        texts = [column for column in profile_columns(self._sample()) if column.is_text]
        names = (*(ANCHOR_NAMES if is_query else POSITIVE_NAMES), *TEXT_NAMES)
        found = texts[0] if len(texts) == 1 else find_by_name(texts, names)
        if found is None:
            raise InputError(
                f"Which column holds the texts? There are: {self._names()}.", todo="Name it: --column NAME."
            )
        return (found.name,)

    def _sample(self) -> pd.DataFrame:
        """Write the cells of the first rows as text, of columns that are not nested."""
        head = self.table.slice(0, GUESS_ROWS)
        plain = [field.name for field in head.schema if not pa.types.is_nested(field.type)]
        cells = {name: [cell_text(cell) for cell in head.column(name).to_pylist()] for name in plain}
        return pd.DataFrame(cells, dtype=object)

    def _names(self) -> str:
        names = self.table.column_names
        return ", ".join(names[:SHOWN_COLUMNS]) + ", ..." * (len(names) > SHOWN_COLUMNS)


def store_file_rows(path: Path, out: Path) -> None:
    """Read the rows of a file in a child process, and store them as Parquet. Raises InputError."""
    with tempfile.TemporaryDirectory(prefix="closer-read-") as name:
        call_reader("lib.data.file_rows", {"file": str(path), "out": str(out)}, folder=Path(name))


def load_stored_rows(path: Path) -> FileRows:
    """Load what `store_file_rows` stored. Raises InputError where it is gone or damaged."""
    try:
        return FileRows(parquet.read_table(path))
    except (OSError, pa.ArrowException) as error:
        raise InputError("The rows of this file are not there any more.", todo="Choose the file again.") from error


def peek_stored_rows(path: Path) -> tuple[FileRows, int]:
    """Load the first rows of what `store_file_rows` stored, and count all. Raises InputError."""
    try:
        file = parquet.ParquetFile(path)
        batches = file.iter_batches(GUESS_ROWS)
        return FileRows(pa.Table.from_batches([next(batches)], file.schema_arrow)), file.metadata.num_rows
    except (OSError, pa.ArrowException, StopIteration) as error:
        raise InputError("The rows of this file are not there any more.", todo="Choose the file again.") from error


def _store_request(request: dict[str, Any]) -> None:
    limit_memory(PARSE_MEMORY_BYTES)
    try:
        parquet.write_table(read_file_rows(Path(request["file"])).table, request["out"])
    except pa.ArrowException as error:
        raise InputError(
            f"A column of this file cannot be kept ({str(error)[:120]}).", todo="Save it as CSV, and choose that."
        ) from error


def read_file_rows(path: Path, *, options: ReadOptions = ReadOptions()) -> FileRows:
    """Read the rows of a file of any format, gzipped or not. Raises InputError that names the cause."""
    if not path.is_file():
        raise InputError(f"There is no file {path}.", todo="Check the path.")
    data = read_bytes(path)
    file_format = detect_format(data, separator=options.separator)
    if file_format.kind in ("parquet", "arrow"):
        table = _read_columnar(data, file_format.kind)
    elif file_format.kind == "json":
        table = _objects_to_table(read_json_objects(data, options))
    else:
        raw = file_format.read(data, options)
        columns = zip(*raw.rows, strict=True) if raw.rows else ([] for _ in raw.columns)
        table = pa.table({name: pa.array(cells, pa.string()) for name, cells in zip(raw.columns, columns, strict=True)})
    if not table.num_rows or not table.num_columns:
        raise InputError("The file has no rows.", where=path.name, todo="Choose another one.")
    if table.num_columns > MAX_COLUMNS:
        raise InputError(f"There are {table.num_columns:,} columns; {MAX_COLUMNS:,} are the limit.", where=path.name)
    return FileRows(table)


def _read_columnar(data: bytes, kind: str) -> pa.Table:
    """Read a whole Parquet or Arrow file, its names made unique."""
    with name_file_damage(kind.capitalize(), len(data)):
        if kind == "arrow":
            table = open_arrow(data)
        else:
            file = parquet.ParquetFile(io.BytesIO(data))
            check_rows(file.metadata.num_rows)
            table = file.read()
        table.validate(full=True)  # offsets that point outside the buffers, where the file was damaged
        return table.rename_columns(unique_column_names(table.column_names))


def _objects_to_table(objects: Sequence[dict[str, Any]]) -> pa.Table:
    """Make a table of flat objects; a name that an object lacks is null in its row."""
    names = dict.fromkeys(name for item in objects for name in item)
    if len(names) > MAX_COLUMNS:
        raise InputError(f"The objects have {len(names):,} different names; {MAX_COLUMNS:,} are the limit.")
    return pa.table({name: _column([item.get(name) for item in objects], name) for name in names})


def _column(values: list[Any], name: str) -> pa.Array:
    """Make a column of plain values of one type; of nested or mixed ones, their JSON text."""
    try:
        if not any(isinstance(value, (list, dict)) for value in values):
            try:
                return pa.array(values)
            except (pa.ArrowException, OverflowError):  # text and numbers, or integers beyond 64 bits
                pass
        texts = [
            value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for value in values
        ]
        return pa.array(texts, pa.string())
    except (UnicodeEncodeError, RecursionError) as error:
        raise InputError(
            f"The column “{name[:80]!r}” holds what no file can: half a character, or values nested too deep.",
            todo="Remove it, or export the file again.",
        ) from error


if __name__ == "__main__":
    raise SystemExit(answer_call(_store_request))
