"""Per-pair results: cosine, rank and margin of each example, base and tuned, and nearest targets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.evaluation.agreement import average_ranks
from lib.evaluation.metrics import negative_cosines, neighbour_shares
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.task import EvalTask, positives
from lib.shapes import Shape, text_columns
from lib.vectors import TIE, normalize_rows

MIN_RANK_CHANGE = 0.02
"""Where there are no ranks, an example whose percentile changed by less than this counts as the same."""

MIN_SHARE_CHANGE = 0.05
"""The same for the share of ten same-class neighbours: half a neighbour."""

MAX_RANK_ERROR = 0.25
"""A scored pair is wrong where its cosine's percentile lies farther than this from its score's."""

MIN_CLASS_SHARE = 0.5
"""A text with a smaller share of neighbours of its own class is wrong."""


def per_pair_results(frame: pd.DataFrame, models: ModelPair, *, threshold: float | None = None) -> pd.DataFrame:
    """Build a row for each example of the part.

    Columns: pair, part, texts, component, numbers of both models, gain, change, wrong, off. threshold: the cosine from which on the tuned model calls labelled pairs the same.
    """
    task = models.task
    rows = frame.loc[task.rows]
    table = pd.DataFrame({"pair": task.rows, "part": rows["part"].to_numpy(), "component": models.groups})
    for name in ("line", *text_columns(task.shape, frame.columns), "score", "label", "group"):
        if name in rows:
            table[name] = rows[name].to_numpy()
    for name in MODEL_NAMES:
        add_model_columns(table, name, models)
    table["gain"] = compute_gain(table, task)
    table["change"] = classify_change(table["gain"], min_gain(task))
    table["wrong"] = is_error(table, task, threshold)
    if task.shape in (Shape.LABELLED_PAIRS, Shape.SCORED):
        table["off"] = error_size(table, task, threshold)
    return table


def add_model_columns(table: pd.DataFrame, name: str, models: ModelPair) -> None:
    """Add cosine, background, and for retrieval rank and margin.

    background: share of random pairs with a lower cosine.

    The rank is that of the row's own target: 1 + the number of wrong ones above it.
    """
    task = models.task
    if task.shape is Shape.LABELLED_TEXTS:
        table[f"{name}_neighbours"] = neighbour_shares(task, models.embeddings(name))
        return
    cosines, random = models.cosines[name], models.random_cosines[name]
    table[f"{name}_cosine"] = cosines.astype(np.float64)
    table[f"{name}_background"] = np.searchsorted(random, cosines - TIE) / len(random) if len(random) else np.nan
    if task.retrieves:
        retrieval = models.retrievals[name]
        table[f"{name}_rank"] = retrieval.target_rank[task.target_of_row]
        table[f"{name}_margin"] = (cosines - retrieval.wrong[task.query_of_row]).astype(np.float64)
    if task.negatives.size:
        nearest = negative_cosines(task, normalize_rows(models.embeddings(name))).max(axis=1)
        table[f"{name}_negative_cosine"] = np.where(np.isfinite(nearest), nearest, np.nan).astype(np.float64)


def compute_gain(table: pd.DataFrame, task: EvalTask) -> np.ndarray:
    """Compute by row how much better it became.

    Retrieval: the gain in 1 / rank, so that 2 -> 1 outweighs 200 -> 100. Scores: how much nearer the cosine's percentile
    is to the score's. Labels: the gain in the share of pairs of the other kind that it
    is on the right side of. Both see order alone: a model that puts all cosines higher gains nothing.
    """
    if task.retrieves:
        return (1.0 / table["tuned_rank"] - 1.0 / table["base_rank"]).to_numpy()
    if task.shape is Shape.LABELLED_TEXTS:
        return (table["tuned_neighbours"] - table["base_neighbours"]).to_numpy()
    cosines = [table[f"{name}_cosine"].to_numpy() for name in MODEL_NAMES]
    if task.shape is Shape.LABELLED_PAIRS:
        before, after = (opposite_class_share(values, positives(task) == 1) for values in cosines)
        return after - before
    before, after = (np.abs(rank_percentile(values) - rank_percentile(task.values)) for values in cosines)
    return before - after


def opposite_class_share(cosines: np.ndarray, same: np.ndarray) -> np.ndarray:
    """Compute for each labelled pair the share of the other class's pairs that it ranks correctly.

    Ties count half.

    Their mean over the pairs that are the same is the area under the ROC curve (Mann & Whitney 1947). Zero where there is
    no other kind.
    """
    shares = np.zeros(len(cosines))
    for kind in (True, False):
        own, others = cosines[same == kind], np.sort(cosines[same != kind])
        if len(others):
            edges = np.searchsorted(others, own - TIE), np.searchsorted(others, own + TIE, side="right")
            below = (edges[0] + edges[1]) / 2 / len(others)
            shares[same == kind] = below if kind else 1 - below
    return shares


def rank_percentile(values: np.ndarray) -> np.ndarray:
    """Compute each value's percentile, from 0 (lowest) to 1; ties share one. Spearman sees only this."""
    return (average_ranks(np.asarray(values)) - 1) / max(1, len(values) - 1)


def min_gain(task: EvalTask) -> float:
    """Look up the gain from which on an example counts as changed."""
    if task.retrieves:
        return 1e-9
    return MIN_SHARE_CHANGE if task.shape is Shape.LABELLED_TEXTS else MIN_RANK_CHANGE


def classify_change(gain: pd.Series, least: float) -> np.ndarray:
    """Classify each row: better where the gain is at least `least`, worse at most minus that, else same."""
    values = gain.to_numpy()
    return np.where(values >= least, "better", np.where(values <= -least, "worse", "same"))


def is_error(table: pd.DataFrame, task: EvalTask, threshold: float | None) -> np.ndarray:
    """Decide by row whether the tuned model gets it wrong.

    Labelled pairs without a threshold have no wrong ones.
    """
    if task.retrieves:
        return (table["tuned_rank"] > 1).to_numpy()
    if task.shape is Shape.LABELLED_TEXTS:
        return (table["tuned_neighbours"] < MIN_CLASS_SHARE).to_numpy()
    least = 0.0 if task.shape is Shape.LABELLED_PAIRS else MAX_RANK_ERROR
    return error_size(table, task, threshold) > least


def error_size(table: pd.DataFrame, task: EvalTask, threshold: float | None) -> np.ndarray:
    """Compute by row the size of the tuned model's error.

    Labelled pairs: how far the cosine lies beyond the threshold on the wrong side, nan without one. Scored pairs: how far the
    cosine's percentile lies from the score's.
    """
    cosines = table["tuned_cosine"].to_numpy()
    if task.shape is Shape.SCORED:
        return np.abs(rank_percentile(cosines) - rank_percentile(task.values))
    beyond = cosines - (np.nan if threshold is None else threshold)
    return np.where(task.is_right, -beyond, np.nextafter(beyond, np.inf))  # at the threshold a pair is called right


def nearest_targets_table(models: ModelPair) -> pd.DataFrame:
    """List the targets nearest to each example's query, before and after.

    Columns: pair, moment (base, tuned), place, text, cosine, right, own. right: some pair says that it belongs to the query. own: it is this row's target, which a label or score may call wrong.
    """
    near = models.nearest_targets
    texts = np.array(models.task.plain, dtype=object)[near.documents]
    parts = []
    for name in MODEL_NAMES:
        neighbours = near.by_model[name]
        top = neighbours.top.shape[1]
        parts.append(
            pd.DataFrame(
                {
                    "pair": np.repeat(models.task.rows, top),
                    "moment": name,
                    "place": np.tile(np.arange(1, top + 1), len(neighbours.top)),
                    "text": texts[neighbours.top].ravel(),
                    "cosine": neighbours.cosine.ravel(),
                    "right": neighbours.right.ravel(),
                    "own": (neighbours.top == near.target[:, None]).ravel(),
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    return table[np.isfinite(table["cosine"])].reset_index(drop=True)  # its own text is passed over, at the very end
