"""Label noise: rows whose query is nearer to another target than to its own.

They are false negatives or wrong rows.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.errors import InputError
from lib.evaluation.task import EvalTask
from lib.settings import PARTS
from lib.shapes import Shape
from lib.vectors import TIE, check_finite, normalize_rows

MAX_LABEL_ERRORS = 500
"""Rows that are listed at most."""

SHAPES_WITH_TARGETS = (Shape.PAIRS, Shape.TRIPLETS)


def find_possible_label_errors(
    inputs: ModelInputs, embed: Callable[[list[str]], np.ndarray], *, most: int = MAX_LABEL_ERRORS
) -> pd.DataFrame:
    """Find the rows whose query is nearer to another row's target than to its own, the widest gap first.

    embed: texts -> (n, d). Columns: pair (row id), line, part, anchor, positive, cosine, other (the nearer target, which is
    right for no row of this query), other_cosine, gap. Raises InputError for a shape without targets.
    """
    if inputs.shape not in SHAPES_WITH_TARGETS:
        raise InputError("Only pairs and triplets have targets that could be confused.")
    parts = [part for part in PARTS if (inputs.frame["part"] == part).any()]
    table = pd.concat([_rows_of_part(inputs, embed, part) for part in parts], ignore_index=True)
    return (
        table[table["gap"] > TIE].sort_values("gap", ascending=False, kind="stable").head(most).reset_index(drop=True)
    )


def _rows_of_part(inputs: ModelInputs, embed: Callable[[list[str]], np.ndarray], part: str) -> pd.DataFrame:
    """List every row of a part with its nearest target that is not right."""
    task = EvalTask.of(inputs, part=part)
    embeddings = check_finite(embed(task.texts), name="base")
    retrieval = task.retrieval(embeddings)
    wrong = first_wrong_place(retrieval.hits)[task.query_of_row]
    query = task.query_of_row
    rank = np.minimum(wrong, retrieval.top.shape[1] - 1)
    rows = normalize_rows(embeddings)
    own = np.einsum("ij,ij->i", rows[task.left], rows[task.right])
    other_cosine = np.where(wrong < retrieval.top.shape[1], retrieval.top_cosine[query, rank], -1.0)
    frame = inputs.frame.loc[task.rows]
    return pd.DataFrame(
        {
            "pair": task.rows,
            "line": frame["line"].to_numpy(),
            "part": part,
            "anchor": frame["anchor"].to_numpy(),
            "positive": frame["positive"].to_numpy(),
            "cosine": own,
            "other": np.array(task.plain, dtype=object)[task.documents[retrieval.top[query, rank]]],
            "other_cosine": other_cosine,
            "gap": other_cosine - own,
        }
    )


def first_wrong_place(hits: np.ndarray) -> np.ndarray:
    """Find by query the place of its first wrong target; the number of places where all are right."""
    wrong = ~hits
    return np.where(wrong.any(axis=1), wrong.argmax(axis=1), hits.shape[1])
