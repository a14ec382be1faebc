"""Embed the texts of a file: its rows with their vectors, as Parquet, or the vectors alone, as npy.

Rows are encoded and written block by block, so that memory stays flat however many there are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from sentence_transformers import SentenceTransformer

from lib.data.corpus import BLOCK_ROWS
from lib.data.file_rows import FileRows
from lib.data.model_inputs import Reading, Role
from lib.errors import InputError, StoreError
from lib.models.encoder import encode
from lib.models.vector_files import VectorFormat, format_of_name
from lib.progress import Heartbeat, Progress, Silent
from lib.store.publish import replace_file

VECTOR_COLUMN = "vector"

WriteBlock = Callable[[int, np.ndarray, np.ndarray], None]
"""(first row, vectors, which of its rows have a text) -> None."""


@dataclass(frozen=True)
class EmbeddedFile:
    """What was written.

    columns: whose texts were embedded; prompt: what stood before each; empty: rows without a text.
    """

    rows: int
    dimension: int
    columns: tuple[str, ...]
    role: str
    prompt: str
    empty: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Write the facts as JSON-able values."""
        return asdict(self)


def embed_file(
    model: SentenceTransformer,
    rows: FileRows,
    out: Path,
    *,
    columns: tuple[str, ...],
    reading: Reading,
    role: Role,
    progress: Progress = Silent(),
) -> EmbeddedFile:
    """Embed the texts of these columns and write the file, whole or not at all.

    Its ending says what it is: .parquet, the rows with their vectors in the column `vector`, null where there is no
    text; .npy, (rows, dimension) float32, zeros where there is none. Raises InputError and StoreError.
    """
    start = time.monotonic()
    texts = rows.texts(columns)
    filled = np.array([bool(text.strip()) for text in texts])
    dimension = int(model.get_embedding_dimension() or 0)
    with _writer(out, rows.table, dimension) as write:
        for begin in range(0, len(texts), BLOCK_ROWS):
            block = texts[begin : begin + BLOCK_ROWS]
            inner = RowsProgress(progress, begin, len(block), len(texts))
            vectors, some = embed_block(model, block, reading=reading, role=role, progress=inner)
            write(begin, vectors, some)
            progress.advance(begin + len(some), len(texts))
    return EmbeddedFile(
        rows=len(texts),
        dimension=dimension,
        columns=columns,
        role=str(role),
        prompt=reading.prompt(role),
        empty=int((~filled).sum()),
        seconds=time.monotonic() - start,
    )


def embed_block(
    model: SentenceTransformer,
    texts: Sequence[str],
    *,
    reading: Reading,
    role: Role,
    progress: Progress = Silent(),
) -> tuple[np.ndarray, np.ndarray]:
    """Embed texts of one role: vectors (n, dimension) float32, and which texts are not empty, (n,).

    An empty text has a vector of zeros.
    """
    filled = np.array([bool(text.strip()) for text in texts], dtype=bool)
    read = reading.read((text for text in texts if text.strip()), role)
    vectors = np.zeros((len(texts), int(model.get_embedding_dimension() or 0)), dtype=np.float32)
    vectors[filled] = encode(model, read, progress=progress)
    return vectors, filled


class RowsProgress(Heartbeat):
    """The progress of some rows, as a part of that of all rows. begin: how many are done before."""

    def __init__(self, parent: Progress, begin: int, rows: int, total: int) -> None:
        super().__init__(parent)
        self._whole, self._begin, self._rows, self._total = parent, begin, rows, total

    def advance(self, done: float, total: float, **facts: float) -> None:
        self._whole.advance(self._begin + self._rows * done / max(1.0, total), self._total)


@contextmanager
def _writer(out: Path, table: pa.Table, dimension: int) -> Iterator[WriteBlock]:
    """Open the file for the block; it is in place only after a good end. Raises InputError and StoreError."""
    open_writer = {VectorFormat.PARQUET: _parquet_writer, VectorFormat.NPY: _npy_writer}[format_of_name(out.name)]
    try:
        with replace_file(out) as part, open_writer(part, table, dimension) as write:
            yield write
    except OSError as error:
        raise StoreError(
            f"{out.name} could not be written: {error.strerror or error}.",
            todo="Free some disk space, or choose another folder.",
        ) from error


@contextmanager
def _npy_writer(part: Path, table: pa.Table, dimension: int) -> Iterator[WriteBlock]:
    vectors = np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=(table.num_rows, dimension))

    def write(begin: int, block: np.ndarray, filled: np.ndarray) -> None:
        vectors[begin : begin + len(block)] = block

    yield write
    vectors.flush()


@contextmanager
def _parquet_writer(part: Path, table: pa.Table, dimension: int) -> Iterator[WriteBlock]:
    schema = add_vector_field(table.schema, dimension)
    try:
        with parquet.ParquetWriter(part, schema) as writer:

            def write(begin: int, block: np.ndarray, filled: np.ndarray) -> None:
                writer.write_table(add_vectors(table.slice(begin, len(block)), block, filled))

            yield write
    except pa.ArrowException as error:
        raise InputError(
            f"Parquet cannot hold a column of this file ({str(error)[:120]}).", todo="Write the vectors alone, as .npy."
        ) from error


def add_vector_field(schema: pa.Schema, dimension: int) -> pa.Schema:
    """Add the column of vectors to a file's columns. Raises InputError where it has one of that name."""
    if VECTOR_COLUMN in schema.names:
        raise InputError(
            f"The file has a column “{VECTOR_COLUMN}” already.", todo="Rename it, or write the vectors alone, as .npy."
        )
    return schema.append(pa.field(VECTOR_COLUMN, pa.list_(pa.float32(), dimension)))


def add_vectors(rows: pa.Table, vectors: np.ndarray, filled: np.ndarray) -> pa.Table:
    """Add vectors (n, dimension) to rows, null where `filled` (n,) says that there is no text."""
    kind = pa.list_(pa.float32(), vectors.shape[1])
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=kind, mask=pa.array(~filled))
    return rows.append_column(pa.field(VECTOR_COLUMN, kind), column)
