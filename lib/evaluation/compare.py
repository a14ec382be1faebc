"""Base against tuned model, metric by metric, each with its interval."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from lib.evaluation.agreement import (
    average_precision,
    average_ranks,
    best_f1,
    pearson_correlation,
    spearman_correlation,
)
from lib.evaluation.bootstrap import compare_means, without_interval
from lib.evaluation.bootstrap_aggregate import compare_aggregate, standardize
from lib.evaluation.difference import Difference
from lib.evaluation.metrics import neighbour_shares, triplet_wins
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.task import EvalTask, positives
from lib.metrics import primary_metric, selection_metric
from lib.shapes import Shape
from lib.vectors import are_equal_rows, normalize_rows

MAX_SILHOUETTE_ROWS = 4_000
"""Texts whose silhouettes are compared: it takes all distances between them."""


def compare_metrics(models: ModelPair) -> dict[str, Difference]:
    """Compare every metric of the task's shape, the one that decides the verdict first."""
    if models.task.retrieves:
        metrics = compare_retrieval(models)
    elif models.task.shape is Shape.LABELLED_TEXTS:
        metrics = compare_classes(models)
    elif models.task.shape is Shape.SCORED:
        metrics = compare_scores(models.task, *models.cosines.values(), groups=models.groups)
    else:
        metrics = compare_labels(models.task, *models.cosines.values(), groups=models.groups)
    primary = primary_metric(models.task.shape)
    return {primary: metrics[primary], **metrics}


def compare_primary_metric(models: ModelPair) -> Difference:
    """Compare the metric that decides the verdict."""
    return compare_metrics(models)[primary_metric(models.task.shape)]


def compare_selection_metric(models: ModelPair) -> Difference:
    """Compare the metric that selects epochs."""
    return compare_metrics(models)[selection_metric(models.task.shape)]


def compare_retrieval(models: ModelPair) -> dict[str, Difference]:
    """Compare means by query, the median rank of the first right target, and triplet accuracy by row."""
    task = models.task
    first = pd.Series(np.arange(len(task.query_of_row))).groupby(task.query_of_row).first().to_numpy()
    groups, base, tuned = models.groups[first], models.retrievals["base"], models.retrievals["tuned"]
    metrics = compare_means(base.metrics(), tuned.metrics(), groups, span=1.0)
    metrics["median_rank"] = compare_aggregate(base.rank, tuned.rank, groups, median_of_rows, lower_is_better=True)
    rows = task.has_negative
    if rows.any():
        wins = {name: {"triplet_accuracy": triplet_wins(task, models.embeddings(name))[rows]} for name in MODEL_NAMES}
        metrics |= compare_means(wins["base"], wins["tuned"], models.groups[rows], span=1.0)
    return metrics


def median_of_rows(values: np.ndarray, rows: np.ndarray) -> float:
    """Compute the median of these rows."""
    return float(np.median(values[rows]))


def compare_classes(models: ModelPair) -> dict[str, Difference]:
    """Compare by text the share of same-class neighbours, and the silhouette of the classes."""
    task = models.task
    shares = {name: {"neighbour_recall": neighbour_shares(task, models.embeddings(name))} for name in MODEL_NAMES}
    metrics = compare_means(shares["base"], shares["tuned"], models.groups, span=1.0)
    sample = np.sort(np.random.default_rng(0).permutation(len(task.left))[:MAX_SILHOUETTE_ROWS])
    labels = task.values[task.query_of_row][sample]
    if 1 < len(set(labels)) < len(labels):
        values = {
            name: {"silhouette": silhouettes(models.embeddings(name)[task.left[sample]], labels)}
            for name in MODEL_NAMES
        }
        metrics |= compare_means(values["base"], values["tuned"], models.groups[sample], span=2.0)
    return metrics


def silhouettes(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Compute the silhouette of each text, from -1 to 1 (Rousseeuw 1987, cosine).

    How much nearer its own class is than the next one.
    """
    from sklearn.metrics import silhouette_samples

    rows = normalize_rows(rows)
    return np.zeros(len(rows)) if are_equal_rows(rows) else silhouette_samples(rows, labels, metric="cosine")


def compare_scores(task: EvalTask, base: np.ndarray, tuned: np.ndarray, *, groups: np.ndarray) -> dict[str, Difference]:
    """Compare the correlations of cosine and score; nan where all scores are equal.

    base, tuned: cosines (rows,).
    """
    scores, (base, tuned) = task.values, (cosines.astype(np.float64) for cosines in (base, tuned))
    compare = partial(compare_aggregate, base, tuned, groups, span=2.0)
    return {
        "spearman": compare(
            lambda values, rows: spearman_correlation(values[rows], scores[rows]), to_common_scale=average_ranks
        ),
        "pearson": compare(
            lambda values, rows: pearson_correlation(values[rows], scores[rows]), to_common_scale=standardize
        ),
    }


def compare_labels(task: EvalTask, base: np.ndarray, tuned: np.ndarray, *, groups: np.ndarray) -> dict[str, Difference]:
    """Compare average precision and best F1; nan where all pairs match or none does.

    base, tuned: cosines (rows,).
    """
    is_match = positives(task)
    if is_match.min() == is_match.max():
        return {"average_precision": without_interval(), "best_f1": without_interval()}
    compare = partial(
        compare_aggregate,
        base,
        tuned,
        groups,
        to_common_scale=average_ranks,
        span=1.0,
    )
    return {
        "average_precision": compare(lambda values, rows: average_precision(is_match[rows], values[rows])),
        "best_f1": compare(lambda values, rows: best_f1(is_match[rows], values[rows])),
    }
