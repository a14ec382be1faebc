"""A corpus of Parquet files, by path or URL, in parts; never more than a block is in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from lib.data.read.columnar import SMALL_BYTES, name_file_damage
from lib.data.read.header import unique_column_names
from lib.errors import InputError
from lib.settings import MAX_COLUMNS
from lib.store.locations import Location

PARQUET = ".parquet"

BLOCK_ROWS = 4_096
"""Rows that are in memory at once: with vectors of 1,024 dimensions 17 MB besides their texts."""

PART_ROWS = 16 * BLOCK_ROWS
"""Rows of a part: on a CPU a minute or more of work, and what is done again where a worker is lost."""

READ_BUFFER = 1 << 20
"""Bytes read ahead of each column; without it pyarrow reads the whole column of a row group at once."""

OPEN_FILES = 16
"""Footers that are read at once: of an object store each takes a while."""


@dataclass(frozen=True)
class CorpusPart:
    """Rows of one file that are worked on together.

    number: its place in the corpus, from 0. begin: its first row in the file. first: its first row in the corpus.
    """

    number: int
    file: str
    begin: int
    rows: int
    first: int

    @property
    def name(self) -> str:
        """Name of the file that holds what is made of it: names sort as numbers do."""
        return f"part-{self.number:06d}{PARQUET}"


@dataclass(frozen=True)
class Corpus:
    """The Parquet files of a corpus, of one schema, in order of their names.

    rows, sizes (bytes): of each file.
    """

    files: tuple[str, ...]
    rows: tuple[int, ...]
    sizes: tuple[int, ...]
    schema: pa.Schema

    @property
    def total(self) -> int:
        """Rows of all files."""
        return sum(self.rows)

    def parts(self, *, most: int = PART_ROWS) -> list[CorpusPart]:
        """Cut the files into parts of at most so many rows, in order."""
        parts: list[CorpusPart] = []
        first = 0
        for file, rows in zip(self.files, self.rows, strict=True):
            for begin in range(0, rows, most):
                size = min(most, rows - begin)
                parts.append(CorpusPart(len(parts), file, begin, size, first + begin))
            first += rows
        return parts


def open_corpus(location: Location) -> Corpus:
    """Read the footers of a Parquet file, or of all in a folder.

    Raises InputError where there is none, one is damaged, or their columns differ.
    """
    files = location.absolute().files(PARQUET)
    if not files:
        raise InputError(f"There is no *{PARQUET} file.", where=str(location), todo="Check the path or URL.")
    with ThreadPoolExecutor(OPEN_FILES) as pool:
        footers = list(pool.map(_read_footer, files))
    schema = footers[0][1]
    for file, footer in zip(files, footers, strict=True):
        if not footer[1].equals(schema):
            raise InputError(f"Its columns are not those of {files[0].name}.", where=str(file))
    if len(schema) > MAX_COLUMNS or not len(schema) or schema.names != unique_column_names(schema.names):
        raise InputError("Its columns are too many, none, or of the same name.", where=str(location))
    rows = tuple(count for count, _, _ in footers)
    if not sum(rows):
        raise InputError("The file has no rows.", where=str(location), todo="Choose another one.")
    return Corpus(tuple(str(file) for file in files), rows, tuple(size for _, _, size in footers), schema)


def _read_footer(file: Location) -> tuple[int, pa.Schema, int]:
    with file.open_input() as source, name_file_damage("Parquet", SMALL_BYTES):
        opened = parquet.ParquetFile(source)
        return opened.metadata.num_rows, opened.schema_arrow.remove_metadata(), source.size()


def read_part(part: CorpusPart, *, columns: Sequence[str] | None = None, rows: int = BLOCK_ROWS) -> Iterator[pa.Table]:
    """Read a part block by block, each of so many rows but the last. Raises InputError and StoreError."""
    with Location(part.file).open_input() as source, name_file_damage("Parquet", SMALL_BYTES):
        file = parquet.ParquetFile(source, buffer_size=READ_BUFFER)
        rest: list[Any] = []
        for batch in _batches(file, part, columns, rows):
            rest.append(batch)
            while sum(len(one) for one in rest) >= rows:
                table = pa.Table.from_batches(rest)
                yield table.slice(0, rows)
                rest = table.slice(rows).to_batches()
        if rest:
            yield pa.Table.from_batches(rest)


def _batches(
    file: parquet.ParquetFile, part: CorpusPart, columns: Sequence[str] | None, rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a part as they come; those before it in its row group are passed over."""
    groups, at, first = [], 0, None
    for number in range(file.num_row_groups):
        size = file.metadata.row_group(number).num_rows
        if at < part.begin + part.rows and at + size > part.begin:
            groups.append(number)
            first = at if first is None else first
        at += size
    at = first or 0
    names = None if columns is None else list(columns)
    for batch in file.iter_batches(rows, row_groups=groups, columns=names):
        low, high = max(at, part.begin), min(at + len(batch), part.begin + part.rows)
        if low < high:
            yield batch.slice(low - at, high - low)
        at += len(batch)
        if at >= part.begin + part.rows:
            return
