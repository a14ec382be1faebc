"""The tables of an export: one row a pair, one a metric, and the data of the figures."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from lib.evaluation.difference import STORED_NUMBERS
from lib.evaluation.export.collection import name_texts
from lib.evaluation.export.rankings import merge_ties
from lib.evaluation.model_pair import MODEL_NAMES
from lib.evaluation.result import Evaluation, Similarity
from lib.evaluation.task import EvalTask
from lib.shapes import Shape


def pairs_table(pairs: pd.DataFrame, task: EvalTask) -> pd.DataFrame:
    """Add to the per-pair results the ids of both texts.

    Cosines that count as equal are written as equal, so that ranks of other tools see the same ties.
    """
    rows = pairs.set_index("pair").loc[task.rows].reset_index()
    ids = name_texts(task)
    table = rows.assign(query_id=ids[task.left])
    if task.shape is not Shape.LABELLED_TEXTS:
        table = table.assign(document_id=ids[task.right])
    for name in MODEL_NAMES:
        if f"{name}_cosine" in table:
            table[f"{name}_cosine"] = merge_ties(table[f"{name}_cosine"].to_numpy())
    return table[["pair", *[name for name in ("query_id", "document_id") if name in table], *rows.columns.drop("pair")]]


def metric_rows(evaluation: Evaluation) -> pd.DataFrame:
    """List every metric: base, tuned, difference, its interval, test, and verdict."""
    rows = [
        {"metric": key, **{name: getattr(change, name) for name in STORED_NUMBERS}, "verdict": change.verdict}
        for key, change in evaluation.metrics.items()
    ]
    return pd.DataFrame(rows).replace([np.inf, -np.inf], np.nan)


def cosines_table(similarity: Similarity) -> pd.DataFrame:
    """List the bins of the cosine histograms: how many pairs and how many others each model has there."""
    table = pd.DataFrame({"low": similarity.bins[:-1], "high": similarity.bins[1:]})
    for name, counts in similarity.by_model.items():
        table[f"{name}_pairs"], table[f"{name}_others"] = counts.pairs, counts.others
    return table


def snapshots_table(evaluation: Evaluation) -> pd.DataFrame:
    """List the snapshots of the training: metric on training and validation pairs, spread of the space."""
    rows = [asdict(one) for one in evaluation.side_effects.snapshots]
    return pd.DataFrame([{**{k: v for k, v in row.items() if k != "space"}, **row["space"]} for row in rows])
