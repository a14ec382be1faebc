"""The contract of an audit check: its words, the choices it offers, and how it finds and repairs rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lib.data.columns.mapping import Examples
from lib.data.text_index import TextIndex
from lib.shapes import Shape

KEEP, DROP, FIX = "keep", "drop", "fix"


@dataclass(frozen=True)
class CheckResult:
    """The rows that a check flags (bool, one a row), a sentence with its numbers, and examples."""

    rows: np.ndarray
    detail: str = ""
    first: np.ndarray | None = None
    """Row numbers to show as examples; None shows the first flagged ones."""


@dataclass(frozen=True)
class AuditContext:
    """What checks need besides the examples: lines of the wrong width, the lower end of the scores."""

    wrong_width: frozenset[int] = frozenset()
    lowest_score: float = 0.0
    """-1 where the scale goes from -1 to 1."""
    class_spellings: frozenset[int] = frozenset()
    """Lines of pairs whose class is a rarer spelling of another one, which the labels 0 and 1 don't show any more."""


@dataclass(frozen=True)
class Check:
    """One check: `find` flags rows, `fix` repairs them.

    `find` sees the rows that the choices of earlier checks left; `fix` returns the repaired examples.
    """

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
    """What `fix` does, in a few words: remove them, keep only the text."""

    def default_for(self, shape: Shape) -> str:
        """Choose the option that holds unless a person chooses another."""
        return self.defaults.get(shape, self.default)
