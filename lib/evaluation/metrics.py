"""The numbers of one part by shape, from one model's embeddings: what an epoch reports and the best one is chosen by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.evaluation.retrieval import nearest_others
from lib.evaluation.task import positives
from lib.models.vectors import normalize_rows

if TYPE_CHECKING:
    from lib.evaluation.task import EvalTask


def measure_retrieval(task: EvalTask, embeddings: np.ndarray) -> dict[str, float]:
    """Return the means over queries, and the mean cosine of pairs and of random pairs."""
    found = task.retrieval(embeddings)
    numbers = {
        name: float(values.mean()) for name, values in found.metrics().items() if not name.startswith("accuracy")
    }
    numbers["pair_cosine"] = float(task.pair_cosines(embeddings).mean())
    numbers["random_cosine"] = mean_or_zero(task.random_cosines(embeddings))
    if task.negatives.size:
        numbers["triplet_accuracy"] = float(triplet_wins(task, embeddings).mean())
    return numbers


def triplet_wins(task: EvalTask, embeddings: np.ndarray) -> np.ndarray:
    """Return by row 1 where the positive is closer than every negative, else 0."""
    rows = normalize_rows(embeddings)
    pair = np.einsum("ij,ij->i", rows[task.left], rows[task.right])  # summed as the wrong ones: equal texts stay equal
    return (pair > negative_cosines(task, rows).max(axis=1)).astype(float)


def negative_cosines(task: EvalTask, rows: np.ndarray) -> np.ndarray:
    """Return the cosine of each row's source with its wrong texts, (rows, negatives); -inf where a row has fewer."""
    cosines = np.einsum("ij,ikj->ik", rows[task.left], rows[task.negatives])
    blank = np.array([not text.strip() for text in task.texts])
    return np.where(blank[task.negatives], -np.inf, cosines)


def measure_scored(task: EvalTask, embeddings: np.ndarray) -> dict[str, float]:
    """Return rank and linear correlation of cosine and score."""
    from scipy.stats import pearsonr, spearmanr

    cosines = task.pair_cosines(embeddings)
    return {"spearman": spearmanr(cosines, task.values)[0], "pearson": pearsonr(cosines, task.values)[0]}


def measure_labelled_pairs(task: EvalTask, embeddings: np.ndarray) -> dict[str, float]:
    """Return average precision, and the best F1 with its threshold, of cosine as a sign that a pair is the same."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    cosines, same = task.pair_cosines(embeddings), positives(task)
    if same.min() == same.max():
        return {"average_precision": float(same.min()), "best_f1": float(same.min()), "threshold": 0.0}
    precision, recall, thresholds = precision_recall_curve(same, cosines)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1[:-1].argmax())
    return {
        "average_precision": float(average_precision_score(same, cosines)),
        "best_f1": float(f1[best]),
        "threshold": float(thresholds[best]),
    }


def neighbour_shares(task: EvalTask, embeddings: np.ndarray) -> np.ndarray:
    """Return by text of the part the share of its 10 nearest other texts that have its label."""
    near, _ = nearest_others(embeddings, task.left)
    return same_class(task, near).mean(axis=1) if near.shape[1] else np.zeros(len(task.left))


def same_class(task: EvalTask, near: np.ndarray) -> np.ndarray:
    """Return by text of the part which of these texts (ids by row) have its label; a text's first label is its own."""
    label_of_text = pd.Series(task.values).groupby(task.right).first().to_numpy()
    return label_of_text[near] == task.values[task.query_of_row][:, None]


def measure_labelled_texts(task: EvalTask, embeddings: np.ndarray) -> dict[str, float]:
    """Return the share of same-class neighbours and the silhouette of the classes (cosine) on the part."""
    from sklearn.metrics import silhouette_score

    own = task.values[task.query_of_row]
    numbers = {"neighbour_recall": float(neighbour_shares(task, embeddings).mean())}
    if 1 < len(set(own)) < len(own):
        rows = normalize_rows(embeddings)[task.left]
        numbers["silhouette"] = float(
            silhouette_score(rows, own, metric="cosine", sample_size=min(len(own), 5000), random_state=0)
        )
    return numbers


def mean_or_zero(values: np.ndarray) -> float:
    """Return the mean, or zero of nothing."""
    return float(values.mean()) if len(values) else 0.0


MEASURES = {
    Shape.PAIRS: measure_retrieval,
    Shape.TRIPLETS: measure_retrieval,
    Shape.SCORED: measure_scored,
    Shape.LABELLED_PAIRS: measure_labelled_pairs,
    Shape.LABELLED_TEXTS: measure_labelled_texts,
}
