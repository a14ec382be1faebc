"""Parquet and Arrow (Feather) files to rows."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lib.data.read.column_rows import ColumnRows
from lib.data.read.dataset_formats.records import Records
from lib.data.read.dataset_formats.registry import NESTED_COLUMNS, find_format
from lib.data.read.header import unique_column_names
from lib.data.read.list_cells import parse_list_columns
from lib.data.read.nested import left_out_notes
from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable, cell_text
from lib.data.read.records_table import records_to_table
from lib.data.text_array import BLOCK_TEXTS, TextArray
from lib.errors import InputError
from lib.settings import MAX_ROWS, PARSE_MEMORY_BYTES

if TYPE_CHECKING:
    import pyarrow as pa

ARROW_FILE, ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"
"""First bytes of the two Arrow IPC formats: the file (Feather 2) and the stream.

Hugging Face's datasets writes the stream.
"""


SMALL_BYTES = PARSE_MEMORY_BYTES // 200
"""No table fills the reader's memory from fewer bytes by a single allocation: that would be 200 times its size."""


def is_parquet(data: bytes) -> bool:
    """Detect Parquet by its first bytes."""
    return data.startswith(b"PAR1")


def is_arrow(data: bytes) -> bool:
    """Detect an Arrow file or stream by its first bytes."""
    return data.startswith((ARROW_FILE, ARROW_STREAM))


def read_parquet(data: bytes, options: ReadOptions) -> RawTable:
    """Read a Parquet file; lists of texts become columns, other nested columns are left out by name."""
    import pyarrow.parquet as parquet

    with name_file_damage("Parquet", len(data)):
        file = parquet.ParquetFile(io.BytesIO(data))
        check_rows(file.metadata.num_rows)
        left_out = _unreadable_columns(file.schema_arrow)
        names = [name for name in file.schema_arrow.names if name not in left_out]
        table = file.read(columns=names)
        table.validate(full=True)  # offsets that point outside the buffers, where the file was damaged
        return _to_rows(table, left_out)


def read_arrow(data: bytes, options: ReadOptions) -> RawTable:
    """Read an Arrow IPC file (Feather version 2) or stream, batch by batch.

    Lists of texts become columns, other nested columns are left out by name.
    """
    with name_file_damage("Arrow", len(data)):
        table = open_arrow(data)
        left_out = _unreadable_columns(table.schema)
        table = table.select([name for name in table.schema.names if name not in left_out])
        table.validate(full=True)  # offsets that point outside the buffers, where the file was damaged
        return _to_rows(table, left_out)


def open_arrow(data: bytes) -> pa.Table:
    """Read all columns of an Arrow IPC file or stream, not validated. Raises what pyarrow raises."""
    import pyarrow as pa

    is_file = data.startswith(ARROW_FILE)
    reader = pa.ipc.open_file(data) if is_file else pa.ipc.open_stream(data)
    batches = [reader.get_batch(at) for at in range(reader.num_record_batches)] if is_file else list(reader)
    check_rows(sum(batch.num_rows for batch in batches))
    return pa.Table.from_batches(batches, reader.schema)


@contextmanager
def name_file_damage(title: str, size: int) -> Iterator[None]:
    """Raise InputError for whatever pyarrow raises on a damaged file: damage can be in any part of it.

    A damaged length asks for more memory than there is, of files that are small (size: in bytes); of large ones it may
    be right.
    """
    import pyarrow as pa

    try:
        yield
    except MemoryError as error:
        if not isinstance(error, pa.ArrowException) or size > SMALL_BYTES:
            raise
        raise InputError(
            f"The {title} file is damaged: a length in it is impossible ({str(error)[:80]}).",
            todo="Copy or download it again.",
        ) from error
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise InputError(
            f"The {title} file is damaged ({str(error)[:120]}).", todo="Copy or download it again."
        ) from error


def check_rows(rows: int) -> None:
    """Raise InputError for more rows than the limit."""
    if rows > MAX_ROWS:
        raise InputError(f"The file has {rows:,} rows; {MAX_ROWS:,} are the limit.")


def _unreadable_columns(schema: pa.Schema) -> dict[str, str]:
    """Name the columns that are not read, by what they hold: nested ones, vectors, bytes."""
    reasons = {column.name: _unreadable_reason(column.type) for column in schema if column.name not in NESTED_COLUMNS}
    return {name: reason for name, reason in reasons.items() if reason}


def _unreadable_reason(kind: pa.DataType) -> str:
    import pyarrow as pa

    types = pa.types
    if not types.is_nested(kind):
        return ""
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return "is nested (objects)"
    inner = kind.value_type.value_type if types.is_dictionary(kind.value_type) else kind.value_type
    if types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner):
        return ""
    return f"is nested (lists of {'objects' if types.is_nested(inner) else 'numbers'})"


def _decode_bytes(table: pa.Table, left_out: dict[str, str]) -> pa.Table:
    """Read bytes that are UTF-8 as texts, as Hive and Impala write them; leave other ones out by name."""
    import pyarrow as pa

    types = pa.types
    for at, column in reversed(list(enumerate(table.schema))):
        kind = column.type
        if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
            try:
                table = table.set_column(at, column.name, table.column(at).cast(pa.binary()).cast(pa.string()))
            except pa.ArrowInvalid:
                table = table.remove_column(at)
                left_out[column.name] = "holds bytes"
    return table


@dataclass(frozen=True)
class _Cells(Sequence[Any]):
    """The values of a column, which become Python's block by block."""

    column: pa.ChunkedArray

    def __len__(self) -> int:
        return len(self.column)

    def __getitem__(self, at: Any) -> Any:
        return _values(self.column[at]) if isinstance(at, slice) else _values(self.column.slice(at, 1))[0]

    def __iter__(self) -> Iterator[Any]:
        for begin in range(0, len(self), BLOCK_TEXTS):
            yield from self[begin : begin + BLOCK_TEXTS]


def _values(column: pa.ChunkedArray) -> list[Any]:
    """List the values of a column; numbers of single precision with the digits that they are written with."""
    import pyarrow as pa

    if not (pa.types.is_float32(column.type) or pa.types.is_float16(column.type)):
        values: list[Any] = column.to_pylist()
        return values
    texts = column.cast(pa.float32()).cast(pa.string()).to_pylist()
    return [None if text is None else float(text) for text in texts]


def _to_rows(table: pa.Table, left_out: dict[str, str]) -> RawTable:
    """Turn an Arrow table into rows of text. Raises InputError for a table without any."""
    table = _decode_bytes(table, left_out)
    if len(set(table.column_names)) < len(table.column_names):
        unique_column_names(table.column_names)
    lines = range(1, table.num_rows + 1)
    flat = _plain_rows(table, lines) or records_to_table(
        {name: _values(table.column(name)) for name in table.column_names}, lines
    )
    if not flat.columns or not table.num_rows:
        unread = " ".join(note.text for note in left_out_notes(left_out))
        raise InputError(
            f"The file has no {'columns of text' if table.num_rows else 'rows'}. {unread}".rstrip(),
            todo="Choose another one.",
        )
    return replace(flat, notes=[*flat.notes, *left_out_notes(left_out)])


def _plain_rows(table: pa.Table, lines: Sequence[int]) -> RawTable | None:
    """Read a table of plain cells as it is, without a Python string for every cell.

    None for nested cells, for lists that are written as text, and for a format of the field.
    """
    import pyarrow as pa

    if not table.num_rows or any(pa.types.is_nested(column.type) for column in table.schema):
        return None
    names = unique_column_names(table.column_names)
    cells = {name: _Cells(table.column(at)) for at, name in enumerate(names)}
    if parse_list_columns(cells) or find_format(Records(cells, lines)) is not None:
        return None
    return RawTable(names, ColumnRows([_cell_texts(one.column) for one in cells.values()]), lines)


def _cell_texts(column: pa.ChunkedArray) -> TextArray:
    """Write the values of a column as `cell_text` does; Arrow itself writes texts and whole numbers."""
    import pyarrow as pa

    types, kind = pa.types, column.type
    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind) or types.is_integer(kind):
        return TextArray(column.cast(kind).cast(pa.large_string()).fill_null(""))
    return TextArray.of(cell_text(value) for value in _Cells(column))
