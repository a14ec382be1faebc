"""Rows over columns of texts in Arrow arrays: none is a Python list before it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import pandas as pd

from lib.data.text_array import BLOCK_TEXTS, TextArray


class ColumnRows(Sequence[list[str]]):
    """Rows over columns of equally many texts."""

    def __init__(self, columns: Sequence[TextArray]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @overload
    def __getitem__(self, at: int) -> list[str]: ...
    @overload
    def __getitem__(self, at: slice) -> list[list[str]]: ...
    def __getitem__(self, at: int | slice) -> list[str] | list[list[str]]:
        if not isinstance(at, slice):
            return [column[at] for column in self.columns]
        return [list(row) for row in zip(*(column[at] for column in self.columns), strict=True)]

    def __iter__(self) -> Iterator[list[str]]:
        for begin in range(0, len(self), BLOCK_TEXTS):
            yield from self[begin : begin + BLOCK_TEXTS]

    def to_frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Make a frame of the columns, of the same memory."""
        return pd.DataFrame({name: column.to_cells() for name, column in zip(names, self.columns, strict=True)})
