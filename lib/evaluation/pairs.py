"""The table of examples: each one's cosine, rank and margin before and after, and what its source finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.evaluation.retrieval import Retrieval
from lib.evaluation.task import Task, neighbour_shares, positives

if TYPE_CHECKING:
    from lib.evaluation.run import Judged

CLEAR = 0.02
"""A cosine or margin that changed by less than this counts as the same where there are no ranks."""


def examples_table(frame: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Return one row an example of the part: pair, part, texts, component, numbers of both models, change."""
    task = judged.task
    rows = frame.loc[task.rows]
    table = pd.DataFrame({"pair": task.rows, "part": rows["part"].to_numpy(), "component": judged.groups})
    for name in ("anchor", "positive", "text", "score", "label", "group"):
        if name in rows:
            table[name] = rows[name].to_numpy()
    if task.shape is Shape.LABELLED_TEXTS:
        for name, embeddings in (("base", judged.base), ("tuned", judged.tuned)):
            table[f"{name}_neighbours"] = neighbour_shares(task, embeddings)
        table["change"] = changed(table["tuned_neighbours"] - table["base_neighbours"], 0.05)
        return table
    for name, embeddings in (("base", judged.base), ("tuned", judged.tuned)):
        add_numbers(table, name, task, embeddings)
    table["change"] = change_of(table, task)
    return table


def add_numbers(table: pd.DataFrame, name: str, task: Task, embeddings: np.ndarray) -> None:
    """Add cosine, background (share of random pairs that are less close), and for retrieval rank and margin."""
    cosines = task.pair_cosines(embeddings)
    random = np.sort(task.random_cosines(embeddings))
    table[f"{name}_cosine"] = cosines
    table[f"{name}_background"] = np.searchsorted(random, cosines) / max(1, len(random))
    if task.retrieves:
        found = task.retrieval(embeddings)
        table[f"{name}_rank"] = own_rank(task, found, embeddings)
        table[f"{name}_margin"] = cosines - found.wrong[task.query_of_row]


def own_rank(task: Task, found: Retrieval, embeddings: np.ndarray) -> np.ndarray:
    """Return by row the rank of its query's first right target (from 1); rows of one query share it."""
    return found.rank[task.query_of_row]


def change_of(table: pd.DataFrame, task: Task) -> np.ndarray:
    """Return better, same or worse by row: by rank where there are ranks, else by the cosine towards what it should be."""
    if task.retrieves:
        return changed(table["base_rank"] - table["tuned_rank"], 0.5)
    moved = table["tuned_cosine"] - table["base_cosine"]
    if task.shape is Shape.LABELLED_PAIRS:
        return changed(moved * np.where(positives(task) == 1, 1.0, -1.0), CLEAR)
    wanted = (task.values - task.values.min()) / max(1e-9, float(np.ptp(task.values)))
    closer = (table["base_cosine"] - wanted).abs() - (table["tuned_cosine"] - wanted).abs()
    return changed(closer, CLEAR)


def changed(gain: pd.Series, least: float) -> np.ndarray:
    """Return better where the gain is at least `least`, worse where it is at most minus that, else same."""
    values = gain.to_numpy()
    return np.where(values >= least, "better", np.where(values <= -least, "worse", "same"))


def neighbours_table(judged: Judged) -> pd.DataFrame:
    """Return the nearest targets of each example's source before and after: pair, moment, place, text, cosine, right."""
    task = judged.task
    if not task.retrieves:
        return pd.DataFrame({"pair": [], "moment": [], "place": [], "text": [], "cosine": [], "right": []})
    parts = []
    texts = np.array(task.texts, dtype=object)
    for moment, embeddings in (("base", judged.base), ("tuned", judged.tuned)):
        found = task.retrieval(embeddings)
        top, query = found.top.shape[1], task.query_of_row
        parts.append(
            pd.DataFrame(
                {
                    "pair": np.repeat(task.rows, top),
                    "moment": moment,
                    "place": np.tile(np.arange(1, top + 1), len(query)),
                    "text": texts[task.documents[found.top[query]]].ravel(),
                    "cosine": found.top_cosine[query].ravel(),
                    "right": found.hits[query].ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
