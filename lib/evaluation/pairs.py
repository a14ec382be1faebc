"""The table of examples: each one's cosine, rank and margin before and after, and what its source finds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.evaluation.judged import NAMES, Judged
from lib.evaluation.task import Task, neighbour_shares, positives

CLEAR = 0.02
"""A cosine that changed by less than this counts as the same where there are no ranks."""

CLEAR_SHARE = 0.05
"""The same for the share of ten same-class neighbours: half a neighbour."""


def examples_table(frame: pd.DataFrame, judged: Judged) -> pd.DataFrame:
    """Return one row an example of the part: pair, part, texts, component, numbers of both models, gain, change."""
    task = judged.task
    rows = frame.loc[task.rows]
    table = pd.DataFrame({"pair": task.rows, "part": rows["part"].to_numpy(), "component": judged.groups})
    for name in ("line", "anchor", "positive", "negative", "text", "score", "label", "group"):
        if name in rows:
            table[name] = rows[name].to_numpy()
    for name in NAMES:
        add_numbers(table, name, judged)
    table["gain"] = gain_of(table, task)
    table["change"] = changed(table["gain"], least_gain(task))
    return table


def add_numbers(table: pd.DataFrame, name: str, judged: Judged) -> None:
    """Add cosine, background (share of random pairs that are less close), and for retrieval rank and margin."""
    task = judged.task
    if task.shape is Shape.LABELLED_TEXTS:
        table[f"{name}_neighbours"] = neighbour_shares(task, judged.embeddings(name))
        return
    cosines, random = judged.cosines[name], judged.random[name]
    table[f"{name}_cosine"] = cosines.astype(np.float64)
    table[f"{name}_background"] = np.searchsorted(random, cosines) / max(1, len(random))
    if task.retrieves:
        found = judged.found[name]
        table[f"{name}_rank"] = found.rank[task.query_of_row]
        table[f"{name}_margin"] = (cosines - found.wrong[task.query_of_row]).astype(np.float64)


def gain_of(table: pd.DataFrame, task: Task) -> np.ndarray:
    """Return by row how much better it became.

    Retrieval: the gain in 1 / rank, so that 2 -> 1 outweighs 200 -> 100. Scores: how much
    nearer the cosine's place among all cosines is to the score's place among all scores. Labels: the cosine's move towards what the label says.
    """
    if task.retrieves:
        return (1.0 / table["tuned_rank"] - 1.0 / table["base_rank"]).to_numpy()
    if task.shape is Shape.LABELLED_TEXTS:
        return (table["tuned_neighbours"] - table["base_neighbours"]).to_numpy()
    moved = (table["tuned_cosine"] - table["base_cosine"]).to_numpy()
    if task.shape is Shape.LABELLED_PAIRS:
        return moved * np.where(positives(task) == 1, 1.0, -1.0)
    places = rank_share(task.values)
    before, after = (np.abs(rank_share(table[f"{name}_cosine"].to_numpy()) - places) for name in NAMES)
    return before - after


def rank_share(values: np.ndarray) -> np.ndarray:
    """Return each value's place among all, from 0 (lowest) to 1; equal values share a place. Spearman sees only this."""
    from scipy.stats import rankdata

    return (rankdata(values) - 1) / max(1, len(values) - 1)


def least_gain(task: Task) -> float:
    """Return the gain from which on an example counts as changed."""
    if task.retrieves:
        return 1e-9
    return CLEAR_SHARE if task.shape is Shape.LABELLED_TEXTS else CLEAR


def changed(gain: pd.Series, least: float) -> np.ndarray:
    """Return better where the gain is at least `least`, worse where it is at most minus that, else same."""
    values = gain.to_numpy()
    return np.where(values >= least, "better", np.where(values <= -least, "worse", "same"))


def neighbours_table(judged: Judged) -> pd.DataFrame:
    """Return what is nearest to each example's source before and after: pair, moment, place, text, cosine, right."""
    texts = np.array(judged.task.texts, dtype=object)
    documents, near = judged.near
    parts = []
    for moment in NAMES:
        found = near[moment]
        top = found.top.shape[1]
        parts.append(
            pd.DataFrame(
                {
                    "pair": np.repeat(judged.task.rows, top),
                    "moment": moment,
                    "place": np.tile(np.arange(1, top + 1), len(found.top)),
                    "text": texts[documents[found.top]].ravel(),
                    "cosine": found.top_cosine.ravel(),
                    "right": found.hits.ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
