"""Base against tuned, measure by measure, each with its interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.evaluation.curves import average_precision, best_f1, correlation, rank_correlation
from lib.evaluation.judged import NAMES, Judged
from lib.evaluation.statistics import Difference, compare_all, statistic_interval
from lib.evaluation.task import HEADLINE, neighbour_shares, positives, triplet_wins, unit

VERDICT_METRIC: dict[Shape, str] = {**HEADLINE, Shape.PAIRS: "accuracy@1", Shape.TRIPLETS: "accuracy@1"}
"""The measure that the verdict's sentence tells: for retrieval, how often a right answer comes first."""

MOST_SILHOUETTE = 4_000


def differences(judged: Judged) -> dict[str, Difference]:
    """Return base against tuned for every measure of the shape, the verdict's own first."""
    if judged.task.retrieves:
        found = retrieval_differences(judged)
    elif judged.task.shape is Shape.LABELLED_TEXTS:
        found = class_differences(judged)
    else:
        found = cosine_differences(judged)
    lead = VERDICT_METRIC[judged.task.shape]
    return {lead: found[lead], **found}


def retrieval_differences(judged: Judged) -> dict[str, Difference]:
    """Compare by query: recall, accuracy, MRR, nDCG; rank of the right answer by its median; triplets also by row."""
    task = judged.task
    first = pd.Series(np.arange(len(task.query_of_row))).groupby(task.query_of_row).first().to_numpy()
    groups, base, tuned = judged.groups[first], judged.found["base"], judged.found["tuned"]
    found = compare_all(base.metrics(), tuned.metrics(), groups)
    found["median_rank"] = statistic_interval(
        base.rank, tuned.rank, groups, lambda values, rows: float(np.median(values[rows])), lower_is_better=True
    )
    if task.negatives.size:
        wins = {name: {"triplet_accuracy": triplet_wins(task, judged.embeddings(name))} for name in NAMES}
        found |= compare_all(wins["base"], wins["tuned"], judged.groups)
    return found


def class_differences(judged: Judged) -> dict[str, Difference]:
    """Compare by text the share of same-class neighbours, and the silhouette of the classes."""
    task = judged.task
    shares = {name: {"neighbour_recall": neighbour_shares(task, judged.embeddings(name))} for name in NAMES}
    found = compare_all(shares["base"], shares["tuned"], judged.groups)
    chosen = np.sort(np.random.default_rng(0).permutation(len(task.left))[:MOST_SILHOUETTE])
    own = task.values[task.query_of_row][chosen]
    if 1 < len(set(own)) < len(own):
        values = {name: {"silhouette": silhouettes(judged.embeddings(name)[task.left[chosen]], own)} for name in NAMES}
        found |= compare_all(values["base"], values["tuned"], judged.groups[chosen])
    return found


def silhouettes(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return by text how much nearer its own class is than the next one, from -1 to 1 (Rousseeuw 1987, cosine)."""
    from sklearn.metrics import silhouette_samples

    return silhouette_samples(unit(rows), labels, metric="cosine")


def cosine_differences(judged: Judged) -> dict[str, Difference]:
    """Compare correlations of scored pairs, or average precision and best F1 of labelled ones."""
    task = judged.task
    if task.shape is Shape.SCORED:
        scores = task.values
        statistics = {
            "spearman": lambda values, rows: rank_correlation(values[rows], scores[rows]),
            "pearson": lambda values, rows: correlation(values[rows], scores[rows]),
        }
    else:
        same = positives(task)
        statistics = {
            "average_precision": lambda values, rows: average_precision(same[rows], values[rows]),
            "best_f1": lambda values, rows: best_f1(same[rows], values[rows]),
        }
    base, tuned = judged.cosines["base"], judged.cosines["tuned"]
    return {name: statistic_interval(base, tuned, judged.groups, value) for name, value in statistics.items()}


def as_dict(value: Difference) -> dict[str, float]:
    """Return a difference as stored: base, tuned, difference, low, high, p_value, detectable."""
    names = ("base", "tuned", "difference", "low", "high", "p_value", "detectable")
    return {name: float(getattr(value, name)) for name in names}
