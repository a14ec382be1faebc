"""A table of text columns, and the report of how it was read: where every dataset begins."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class ReadReport:
    """How a table was read; a table that was never a file has rows and columns only.

    kind: of `lib.data.read.formats`. wrong_width, odd_lines: lines of rows with more or fewer cells than the header,
    and of lines in another encoding than the rest.
    """

    rows: int
    columns: list[str]
    kind: str = ""
    encoding: str = ""
    separator: str = ""
    quote: str = ""
    header: bool | None = None
    sheet: str = ""
    sheets: list[str] = field(default_factory=list)
    wrong_width: list[int] = field(default_factory=list)
    odd_lines: list[int] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Write the report as JSON-able values, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value not in ("", [], None)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ReadReport:
        """Make a report of what `to_json` wrote."""
        return cls(**values)


@dataclass(frozen=True)
class Table:
    """Named columns of text and the line that each row begins on, from 1.

    No missing values: an empty cell is "".
    """

    frame: pd.DataFrame
    lines: np.ndarray
    report: ReadReport

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Table:
        """Make a table of rows that were never a file, numbered as if under a header line."""
        report = ReadReport(len(frame), [str(name) for name in frame.columns])
        return cls(frame, np.arange(2, len(frame) + 2, dtype=np.int64), report)
