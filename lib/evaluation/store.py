"""Stored evaluations, as pages and commands read them. Light: json and parquet only."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow

from lib.errors import StoreError
from lib.evaluation.result import Evaluation
from lib.store.layout import EvaluationPaths
from lib.store.runs import Run
from lib.typed_json import JsonError, read_stored_bytes


def load_evaluation(run: Run) -> Evaluation | None:
    """Load a run's evaluation; None while there is none. Raises StoreError when the file is damaged."""
    return read_evaluation(run.paths.evaluation.folder)


def read_evaluation(folder: Path) -> Evaluation | None:
    """Load the evaluation in a folder; None where there is none.

    Raises StoreError when the file is damaged.
    """
    path = EvaluationPaths(folder).summary
    if not path.exists():
        return None
    try:
        return Evaluation.from_json(read_stored_bytes(path))
    except (OSError, JsonError) as error:
        raise StoreError("The evaluation of this run cannot be read.", todo="Evaluate the run again.") from error


def load_pairs(run: Run) -> pd.DataFrame:
    """Load a run's per-pair results. Raises StoreError when they are missing or damaged.

    Columns: pair, part, texts, component, base_ and tuned_ cosine, rank, margin and background (share of random pairs with a
    lower cosine), gain, change (better, same, worse) and wrong.
    """
    return read_pairs(run.paths.evaluation.folder)


def read_pairs(folder: Path) -> pd.DataFrame:
    """Load the per-pair results in an evaluation's folder.

    Raises StoreError when they are missing or damaged.
    """
    return _table(EvaluationPaths(folder).pairs)


def load_neighbours(run: Run, *, pair: int | None = None) -> pd.DataFrame:
    """Load the nearest targets of held-out queries, of one pair or of all.

    Columns: pair, moment (base, tuned), place (from 1), text, cosine, right, own (this pair's target).
    """
    filters = None if pair is None else [("pair", "==", pair)]
    return _table(run.paths.evaluation.neighbours, filters=filters)


def load_first_neighbours(run: Run) -> pd.DataFrame:
    """Load whether each model's nearest target is right, of all held-out queries: pair, moment, right."""
    return _table(run.paths.evaluation.neighbours, filters=[("place", "==", 1)], columns=["pair", "moment", "right"])


def _table(
    path: Path, filters: list[tuple[str, str, int]] | None = None, columns: list[str] | None = None
) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, filters=filters, columns=columns)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise StoreError(f"{path.name} of this run cannot be read.", todo="Evaluate the run again.") from error
