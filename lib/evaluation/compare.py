"""Base against tuned, measure by measure, each with its interval."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.evaluation.agreement import (
    average_precision,
    average_ranks,
    best_f1,
    pearson_correlation,
    spearman_correlation,
)
from lib.evaluation.bootstrap import Difference, compare_means, without_interval
from lib.evaluation.bootstrap_aggregate import compare_aggregate, standardize
from lib.evaluation.metrics import neighbour_shares, triplet_wins
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.task import positives
from lib.metrics import primary_metric
from lib.models.vectors import normalize_rows

PRIMARY_METRIC: dict[Shape, str] = {shape: primary_metric(shape.value) for shape in Shape}
"""The one metric by shape that decides the verdict, on held-out."""

MOST_SILHOUETTE = 4_000


def compare_metrics(judged: ModelPair) -> dict[str, Difference]:
    """Return base against tuned for every measure of the shape, the verdict's own first."""
    if judged.task.retrieves:
        found = compare_retrieval(judged)
    elif judged.task.shape is Shape.LABELLED_TEXTS:
        found = compare_classes(judged)
    elif judged.task.shape is Shape.SCORED:
        found = compare_scores(judged)
    else:
        found = compare_labels(judged)
    lead = PRIMARY_METRIC[judged.task.shape]
    return {lead: found[lead], **found}


def compare_retrieval(judged: ModelPair) -> dict[str, Difference]:
    """Compare by query: recall, accuracy, MRR, nDCG; rank of the right answer by its median; triplets also by row."""
    task = judged.task
    first = pd.Series(np.arange(len(task.query_of_row))).groupby(task.query_of_row).first().to_numpy()
    groups, base, tuned = judged.groups[first], judged.found["base"], judged.found["tuned"]
    found = compare_means(base.metrics(), tuned.metrics(), groups, span=1.0)
    found["median_rank"] = compare_aggregate(base.rank, tuned.rank, groups, median_of_rows, lower_is_better=True)
    if task.negatives.size:
        wins = {name: {"triplet_accuracy": triplet_wins(task, judged.embeddings(name))} for name in MODEL_NAMES}
        found |= compare_means(wins["base"], wins["tuned"], judged.groups, span=1.0)
    return found


def median_of_rows(values: np.ndarray, rows: np.ndarray) -> float:
    """Return the median of the chosen rows."""
    return float(np.median(values[rows]))


def compare_classes(judged: ModelPair) -> dict[str, Difference]:
    """Compare by text the share of same-class neighbours, and the silhouette of the classes."""
    task = judged.task
    shares = {name: {"neighbour_recall": neighbour_shares(task, judged.embeddings(name))} for name in MODEL_NAMES}
    found = compare_means(shares["base"], shares["tuned"], judged.groups, span=1.0)
    chosen = np.sort(np.random.default_rng(0).permutation(len(task.left))[:MOST_SILHOUETTE])
    own = task.values[task.query_of_row][chosen]
    if 1 < len(set(own)) < len(own):
        values = {
            name: {"silhouette": silhouettes(judged.embeddings(name)[task.left[chosen]], own)} for name in MODEL_NAMES
        }
        found |= compare_means(values["base"], values["tuned"], judged.groups[chosen], span=2.0)
    return found


def silhouettes(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return by text how much nearer its own class is than the next one, from -1 to 1 (Rousseeuw 1987, cosine)."""
    from sklearn.metrics import silhouette_samples

    return silhouette_samples(normalize_rows(rows), labels, metric="cosine")


def compare_scores(judged: ModelPair) -> dict[str, Difference]:
    """Compare the correlations of cosine and score; none where all scores are equal."""
    scores = judged.task.values
    compared = partial(compare_aggregate, judged.cosines["base"], judged.cosines["tuned"], judged.groups, span=2.0)
    return {
        "spearman": compared(
            lambda values, rows: spearman_correlation(values[rows], scores[rows]), on_one_scale=average_ranks
        ),
        "pearson": compared(
            lambda values, rows: pearson_correlation(values[rows], scores[rows]), on_one_scale=standardize
        ),
    }


def compare_labels(judged: ModelPair) -> dict[str, Difference]:
    """Compare average precision and best F1 of cosine as a sign that a pair is the same; none where all or no pairs are."""
    same = positives(judged.task)
    if same.min() == same.max():
        return {"average_precision": without_interval(), "best_f1": without_interval()}
    compared = partial(
        compare_aggregate,
        judged.cosines["base"],
        judged.cosines["tuned"],
        judged.groups,
        on_one_scale=average_ranks,
        span=1.0,
    )
    return {
        "average_precision": compared(lambda values, rows: average_precision(same[rows], values[rows])),
        "best_f1": compared(lambda values, rows: best_f1(same[rows], values[rows])),
    }


def as_dict(value: Difference) -> dict[str, float]:
    """Return a difference as stored: base, tuned, difference, low, high, p_value, detectable."""
    names = ("base", "tuned", "difference", "low", "high", "p_value", "detectable")
    return {name: float(getattr(value, name)) for name in names}
