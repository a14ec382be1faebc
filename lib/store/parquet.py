"""Read the Parquet files of a workspace: one that is missing or damaged is a named error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow

from lib.errors import StoreError

_DAMAGE = (OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError, pyarrow.ArrowException)
"""What pandas and pyarrow raise over a file that is gone, damaged, or of other columns."""


def read_dataset_table(path: Path | str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a dataset's examples or left-out rows, or some of their columns. Raises StoreError."""
    try:
        frame = pd.read_parquet(path, columns=None if columns is None else list(columns))
        return frame if columns is None else frame[list(columns)]
    except _DAMAGE as error:
        raise StoreError(
            "The examples of this dataset cannot be read.", where=str(path), todo="Upload it again."
        ) from error
