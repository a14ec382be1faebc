"""Read the Parquet files of a workspace: one that is missing or damaged is a named error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as parquet

from lib.errors import StoreError

_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, pyarrow.ArrowException)
"""What pandas and pyarrow raise over a file that is gone, damaged, or of other columns."""

_BATCH_ROWS = 1_000
"""Rows that are decoded at a time where only the first ones are wanted."""


def read_dataset_table(path: Path | str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a dataset's examples or left-out rows, or some of their columns. Raises StoreError."""
    try:
        frame = pd.read_parquet(path, columns=None if columns is None else list(columns))
        return frame if columns is None else frame[list(columns)]
    except _DAMAGE as error:
        raise _unreadable(path) from error


def read_first_rows(path: Path | str, count: int, *, part: str) -> pd.DataFrame:
    """Read the first so many examples of a part; of a large dataset little is read. Raises StoreError."""
    try:
        with parquet.ParquetFile(path) as file:
            found = [file.schema_arrow.empty_table().to_pandas()]
            for batch in file.iter_batches(_BATCH_ROWS):
                rows = batch.to_pandas()
                found.append(rows[rows["part"] == part])
                if sum(map(len, found)) >= count:
                    break
            return pd.concat(found[1:] or found).head(count)
    except _DAMAGE as error:
        raise _unreadable(path) from error


def _unreadable(path: Path | str) -> StoreError:
    return StoreError("The examples of this dataset cannot be read.", where=str(path), todo="Upload it again.")
