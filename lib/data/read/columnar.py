"""Parquet and Arrow (Feather) files to rows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from lib.data.read.options import ReadOptions
from lib.data.read.raw_table import RawTable, cell_text
from lib.errors import InputError
from lib.settings import MAX_ROWS

if TYPE_CHECKING:
    import pyarrow as pa

ARROW_FILE, ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"
"""First bytes of the two Arrow IPC formats: the file (Feather 2) and the stream.

Hugging Face's datasets writes the stream.
"""


def is_parquet(data: bytes) -> bool:
    """Detect Parquet by its first bytes."""
    return data.startswith(b"PAR1")


def is_arrow(data: bytes) -> bool:
    """Detect an Arrow file or stream by its first bytes."""
    return data.startswith((ARROW_FILE, ARROW_STREAM))


def read_parquet(data: bytes, options: ReadOptions) -> RawTable:
    """Read a Parquet file; nested columns are refused by name."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        _check_rows(file.metadata.num_rows)
        _check_flat(file.schema_arrow)
        table = file.read()
    except (pa.ArrowInvalid, pa.ArrowIOError, OSError) as error:
        raise _damaged_error("Parquet", error) from error
    return _to_rows(table)


def read_arrow(data: bytes, options: ReadOptions) -> RawTable:
    """Read an Arrow IPC file (Feather version 2) or stream, batch by batch.

    Nested columns are refused by name.
    """
    import pyarrow as pa

    try:
        is_file = data.startswith(ARROW_FILE)
        reader = pa.ipc.open_file(data) if is_file else pa.ipc.open_stream(data)
        _check_flat(reader.schema)
        batches = [reader.get_batch(at) for at in range(reader.num_record_batches)] if is_file else list(reader)
        _check_rows(sum(batch.num_rows for batch in batches))
        table = pa.Table.from_batches(batches, reader.schema)
        table.validate(full=True)  # offsets that point outside the buffers, where the file was damaged
    except (pa.ArrowInvalid, pa.ArrowIOError, OSError) as error:
        raise _damaged_error("Arrow", error) from error
    return _to_rows(table)


def _check_rows(rows: int) -> None:
    if rows > MAX_ROWS:
        raise InputError(f"The file has {rows:,} rows; {MAX_ROWS:,} are the limit.")


def _check_flat(schema: pa.Schema) -> None:
    """Raise InputError that names the first nested column."""
    import pyarrow as pa

    for column in schema:
        if pa.types.is_nested(column.type):
            raise InputError(
                f"The column “{column.name}” is nested ({column.type}).",
                todo="Keep flat columns of text, then upload again.",
            )


def _damaged_error(title: str, error: Exception) -> InputError:
    return InputError(f"The {title} file is damaged ({str(error)[:120]}).", todo="Copy or download it again.")


def _to_rows(table: pa.Table) -> RawTable:
    """Turn an Arrow table into rows of text. Raises InputError for a table without any."""
    columns = [[cell_text(value) for value in column.to_pylist()] for column in table.columns]
    if not columns or not table.num_rows:
        raise InputError("The file has no rows.", todo="Choose another one.")
    rows = [list(row) for row in zip(*columns, strict=True)]
    return RawTable(list(table.column_names), rows, list(range(1, len(rows) + 1)))
