"""Metrics of one split by dataset shape, from one model's embeddings.

An epoch reports them and is selected by them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from lib.evaluation.agreement import (
    average_precision,
    count_by_threshold,
    pearson_correlation,
    spearman_correlation,
)
from lib.evaluation.retrieval import nearest_others
from lib.evaluation.task import EvalTask, positives
from lib.shapes import Shape
from lib.vectors import TIE, are_equal_rows, normalize_rows

Metrics = dict[str, float]
Measure = Callable[[EvalTask, np.ndarray], Metrics]
"""(task, embeddings of its texts) -> metric by name."""

MAX_SILHOUETTE_TEXTS = 5_000
"""Texts that the silhouette of an epoch is computed on: it takes all distances between them."""


def measure(task: EvalTask, embeddings: np.ndarray) -> Metrics:
    """Compute the metrics of the task's shape. embeddings: (len(task.texts), d), rows of any length."""
    return {name: float(value) for name, value in MEASURES[task.shape](task, embeddings).items()}


def measure_retrieval(task: EvalTask, embeddings: np.ndarray) -> Metrics:
    """Compute means over queries, and the mean cosine of pairs and of random pairs."""
    by_query = task.retrieval(embeddings).metrics()
    metrics = {name: float(values.mean()) for name, values in by_query.items() if not name.startswith("accuracy")}
    metrics["pair_cosine"] = float(task.pair_cosines(embeddings).mean())
    random = task.random_cosines(embeddings)
    metrics["random_cosine"] = float(random.mean()) if len(random) else 0.0
    if task.has_negative.any():
        metrics["triplet_accuracy"] = float(triplet_wins(task, embeddings)[task.has_negative].mean())
    return metrics


def triplet_wins(task: EvalTask, embeddings: np.ndarray) -> np.ndarray:
    """Compute by row 1 where the positive is closer than every negative that it has, else 0."""
    rows = normalize_rows(embeddings)
    # summed as the negatives' cosines are: equal texts stay equal to the last bit
    positive = np.einsum("ij,ij->i", rows[task.left], rows[task.right])
    return (positive > negative_cosines(task, rows).max(axis=1) + TIE).astype(float)


def negative_cosines(task: EvalTask, rows: np.ndarray) -> np.ndarray:
    """Compute the cosine of each row's source with its negatives, (rows, negatives).

    -inf where a row has fewer.
    """
    cosines = np.einsum("ij,ikj->ik", rows[task.left], rows[task.negatives])
    return np.where(task.negatives < 0, -np.inf, cosines)


def measure_scored(task: EvalTask, embeddings: np.ndarray) -> Metrics:
    """Compute rank and linear correlation of cosine and score."""
    cosines = task.pair_cosines(embeddings)
    return {
        "spearman": spearman_correlation(cosines, task.values),
        "pearson": pearson_correlation(cosines, task.values),
    }


def measure_labelled_pairs(task: EvalTask, embeddings: np.ndarray) -> Metrics:
    """Compute average precision and the best F1 with its threshold of labelled pairs.

    The cosine is the classifier's score of a matching pair.
    """
    cosines, is_match = task.pair_cosines(embeddings), positives(task)
    if is_match.min() == is_match.max():
        return {"average_precision": float(is_match.min()), "best_f1": float(is_match.min()), "threshold": 0.0}
    counts = count_by_threshold(is_match, cosines)
    best = int(counts.f1.argmax())
    return {
        "average_precision": average_precision(is_match, cosines),
        "best_f1": float(counts.f1[best]),
        "threshold": float(counts.thresholds[best]),
    }


def neighbour_shares(task: EvalTask, embeddings: np.ndarray) -> np.ndarray:
    """Compute by text of the part the share of its 10 nearest other texts that have its label."""
    near, _ = nearest_others(embeddings, task.left)
    return same_class(task, near).mean(axis=1) if near.shape[1] else np.zeros(len(task.left))


def same_class(task: EvalTask, near: np.ndarray) -> np.ndarray:
    """Compute by text of the part which of `near` (ids by row) have its label.

    A text's first label counts.
    """
    label_of_text = pd.Series(task.values).groupby(task.right).first().to_numpy()
    return label_of_text[near] == task.values[task.query_of_row][:, None]


def measure_labelled_texts(task: EvalTask, embeddings: np.ndarray) -> Metrics:
    """Compute the share of same-class neighbours and the silhouette of the classes (cosine) on the part."""
    from sklearn.metrics import silhouette_score

    labels = task.values[task.query_of_row]
    metrics = {"neighbour_recall": float(neighbour_shares(task, embeddings).mean())}
    if 1 < len(set(labels)) < len(labels):
        rows = normalize_rows(embeddings)[task.left]
        sample = min(len(labels), MAX_SILHOUETTE_TEXTS)
        metrics["silhouette"] = (
            0.0
            if are_equal_rows(rows)
            else float(silhouette_score(rows, labels, metric="cosine", sample_size=sample, random_state=0))
        )
    return metrics


MEASURES: dict[Shape, Measure] = {
    Shape.PAIRS: measure_retrieval,
    Shape.TRIPLETS: measure_retrieval,
    Shape.SCORED: measure_scored,
    Shape.LABELLED_PAIRS: measure_labelled_pairs,
    Shape.LABELLED_TEXTS: measure_labelled_texts,
}
"""How a part of each shape is measured."""
