"""Choose the held-out questions that a search opens on: those that base and tuned answer differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.evaluation.store import load_first_neighbours, load_pairs
from lib.store.runs import Run

_READABLE_CHARACTERS = 120
"""A question up to this length fits into one line; longer ones are chosen where no other is there."""


@dataclass(frozen=True)
class HeldOutQuestions:
    """The held-out questions of a run by pair, and those that only one of both models answers right.

    improved: pairs that base got wrong and tuned gets right; regressed: the other way round; the largest change first in both.
    """

    texts: dict[int, str]
    improved: tuple[int, ...]
    regressed: tuple[int, ...]

    @property
    def opening(self) -> int | None:
        """The pair to open on: the most improved one, else the most regressed one, else the first."""
        return next(iter((*self.improved, *self.regressed, *self.texts)), None)

    def pair_of(self, question: str) -> int | None:
        """Find the pair that asks exactly this; None where no held-out one does."""
        wanted = question.strip()
        return next((pair for pair, text in self.texts.items() if text.strip() == wanted), None)


def load_questions(run: Run) -> HeldOutQuestions:
    """Load the held-out questions of an evaluated run. Raises StoreError where its files are damaged."""
    return choose_questions(load_pairs(run), load_first_neighbours(run))


def choose_questions(pairs: pd.DataFrame, first: pd.DataFrame) -> HeldOutQuestions:
    """Sort the held-out questions by what changed.

    pairs: the per-pair results. first: pair, moment (base, tuned), right: whether the model's nearest text is right.
    """
    column = "anchor" if "anchor" in pairs else "text"
    rows = pairs.drop_duplicates("pair").set_index("pair")
    right = first.pivot_table(index="pair", columns="moment", values="right", aggfunc="max").reindex(rows.index)
    base, tuned = (right[name].fillna(False).to_numpy(bool) for name in ("base", "tuned"))
    change = _change(rows)
    is_long = (rows[column].astype(str).str.len() > _READABLE_CHARACTERS).to_numpy()
    return HeldOutQuestions(
        texts={int(pair): str(text) for pair, text in rows[column].items()},
        improved=_order(rows.index, ~base & tuned, is_long, -change),
        regressed=_order(rows.index, base & ~tuned, is_long, change),
    )


def _order(pairs: Sequence[int], chosen: np.ndarray, is_long: np.ndarray, change: np.ndarray) -> tuple[int, ...]:
    """List the chosen pairs, readable ones first, then by their change."""
    order = np.lexsort((change, is_long))
    return tuple(int(np.asarray(pairs)[row]) for row in order if chosen[row])


def _change(rows: pd.DataFrame) -> np.ndarray:
    """Compute by how much each pair's margin changed, or its cosine where there is no margin."""
    for name in ("margin", "cosine", "neighbours"):
        if f"tuned_{name}" in rows:
            return (rows[f"tuned_{name}"] - rows[f"base_{name}"]).fillna(0).to_numpy(np.float64)
    return np.zeros(len(rows))
