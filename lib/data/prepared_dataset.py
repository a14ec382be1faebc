"""Audited and split examples, ready to be stored, and what is known about where they come from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from lib.data.audit.corrections import Correction
from lib.data.audit.run import Audit
from lib.data.columns.mapping import ColumnMapping
from lib.data.table import ReadReport
from lib.settings import PARTS
from lib.shapes import Shape


@dataclass(frozen=True)
class Provenance:
    """The origin of examples: how their table was read and mapped, its files, manual corrections."""

    read: ReadReport
    mapping: ColumnMapping
    files: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON-able values."""
        return {
            "read": self.read.to_json(),
            "mapping": self.mapping.to_json(),
            "files": list(self.files),
            "corrections": [correction.to_json() for correction in self.corrections],
        }


@dataclass(frozen=True)
class SplitSummary:
    """What was asked of a split and what it became. components: groups of rows that must stay together."""

    validation_fraction: float
    held_out_fraction: float
    seed: int
    train: int
    validation: int
    held_out: int
    given: bool
    """Whether the table brought a split of its own, in a column or a file."""
    components: int
    largest_component: int
    left_out: int

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class PreparedDataset:
    """Examples ready to be stored: `frame` by row id (line, part, component, texts, value, group).

    left_out has line, reason and the columns of the rows that are in no part.
    """

    shape: Shape
    frame: pd.DataFrame
    left_out: pd.DataFrame
    audit: Audit
    split: SplitSummary
    provenance: Provenance | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Rows by part."""
        return part_counts(self.frame)

    @property
    def facts(self) -> dict[str, Any]:
        """What a dataset remembers of its making, JSON-able."""
        return {
            "shape": str(self.shape),
            **(self.provenance.to_json() if self.provenance else {}),
            "findings": [finding.to_json() for finding in self.audit.findings],
            "split": self.split.to_json(),
        }


def part_counts(frame: pd.DataFrame) -> dict[str, int]:
    """Count the rows of each part."""
    counts = frame["part"].value_counts()
    return {part: int(counts.get(part, 0)) for part in PARTS}
