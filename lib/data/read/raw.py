"""What every reader gives back, before it becomes a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class RawTable:
    """Rows of text under column names; lines are where each row begins in the file, from 1. facts tell how it was read."""

    columns: list[str]
    rows: list[list[str]]
    lines: list[int]
    wrong_width: list[int] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
