"""One check: its words, the choices it offers, and how it finds and mends rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lib.data.columns.mapping import Examples
from lib.data.shapes import Shape
from lib.data.text_index import TextIndex

KEEP, DROP, FIX = "keep", "drop", "fix"


@dataclass(frozen=True)
class CheckResult:
    """Which rows a check flags (bool, one a row), what more it has to say, and which rows its examples start with."""

    rows: np.ndarray
    detail: str = ""
    first: np.ndarray | None = None
    """Row numbers to show as examples, where not simply the first flagged ones."""


@dataclass(frozen=True)
class AuditContext:
    """What checks need to know besides the examples."""

    wrong_width: frozenset[int] = frozenset()
    model: str = "all-MiniLM-L6-v2"
    tokenizer: str = ""
    """Path of the base model's tokenizer.json; "" is the bundled model's."""
    max_tokens: int = 256
    batch: int = 64
    low: float = 0.0
    """Lower end of the scores: -1 where the scale says so."""


@dataclass(frozen=True)
class Check:
    """A named question to the examples. `find` sees the rows that earlier choices left."""

    name: str
    title: str
    why: str
    find: Callable[[TextIndex, AuditContext], CheckResult]
    choices: tuple[str, ...] = (KEEP, DROP)
    default: str = KEEP
    defaults: dict[Shape, str] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = tuple(Shape)
    fix: Callable[[TextIndex, AuditContext], Examples] | None = None
    fix_label: str = ""
    """What fix does, in a few words: remove them, strip the tags."""

    def default_for(self, shape: Shape) -> str:
        return self.defaults.get(shape, self.default)
