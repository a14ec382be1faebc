"""The metrics, one record each: title, kind and help.

Pages, commands, model card and charts read them here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_RETRIEVAL = ("pairs", "triplets")


@dataclass(frozen=True)
class Metric:
    """One metric: its stored key, title, format and help, and the shapes for which it has a role.

    kind: a share is written in percent and its differences in points, a number with three digits, a rank as it is.
    cards: shapes whose verdict shows a card for it, in the order of the table. primary_for: shapes that it decides the verdict
    of, on held-out. selects_for: shapes whose best epoch it selects, on validation.
    """

    key: str
    title: str
    kind: Literal["share", "number", "rank"]
    help: str
    lower_is_better: bool = False
    cards: tuple[str, ...] = ()
    primary_for: tuple[str, ...] = ()
    selects_for: tuple[str, ...] = ()


_RECORDS = (
    Metric(
        "triplet_accuracy",
        "Triplet accuracy",
        "share",
        "Share of triplets whose positive is closer to the anchor than every negative of its row.",
        cards=("triplets",),
    ),
    Metric(
        "accuracy@1",
        "Top-1 accuracy",
        "share",
        "Share of queries whose top result is a correct target.",
        primary_for=_RETRIEVAL,
    ),
    Metric("accuracy@5", "Top-5 accuracy", "share", "Share of queries with a correct target among the top 5."),
    Metric("accuracy@10", "Top-10 accuracy", "share", "Share of queries with a correct target among the top 10."),
    Metric(
        "recall@1",
        "Recall@1",
        "share",
        "Share of a query's correct targets that rank first, averaged over queries.",
        cards=_RETRIEVAL,
    ),
    Metric(
        "recall@5",
        "Recall@5",
        "share",
        "Share of a query's correct targets among the top 5, averaged over queries.",
        cards=("pairs",),
    ),
    Metric(
        "recall@10",
        "Recall@10",
        "share",
        "Share of a query's correct targets among the top 10, averaged over queries.",
        cards=_RETRIEVAL,
    ),
    Metric(
        "precision@3", "Precision@3", "share", "Share of the top 3 that are correct targets, averaged over queries."
    ),
    Metric(
        "mrr@10",
        "MRR@10",
        "number",
        "Mean reciprocal rank: 1 / rank of the first correct target, 0 beyond rank 10, averaged over queries.",
        cards=_RETRIEVAL,
        selects_for=_RETRIEVAL,
    ),
    Metric(
        "ndcg@10",
        "nDCG@10",
        "number",
        "Normalised discounted cumulative gain: how high the correct targets rank in the top 10; 1 is the ideal order.",
        cards=_RETRIEVAL,
    ),
    Metric(
        "median_rank",
        "Median rank",
        "rank",
        "Half of the queries find a correct target at this rank or above. Lower is better.",
        lower_is_better=True,
        cards=_RETRIEVAL,
    ),
    Metric(
        "spearman",
        "Spearman",
        "number",
        "Spearman rank correlation of cosine similarity and score.",
        cards=("scored",),
        primary_for=("scored",),
        selects_for=("scored",),
    ),
    Metric("pearson", "Pearson", "number", "Pearson correlation of cosine similarity and score.", cards=("scored",)),
    Metric(
        "average_precision",
        "Average precision",
        "number",
        "Area under the precision-recall curve when cosine similarity predicts whether two texts mean the same.",
        cards=("labelled_pairs",),
        primary_for=("labelled_pairs",),
        selects_for=("labelled_pairs",),
    ),
    Metric(
        "best_f1",
        "Best F1",
        "number",
        "Highest F1 score that any threshold on cosine similarity reaches on these pairs.",
        cards=("labelled_pairs",),
    ),
    Metric(
        "neighbour_recall",
        "Same-class neighbours",
        "share",
        "Share of a text's ten nearest neighbours that have its class, averaged over texts.",
        cards=("labelled_texts",),
        primary_for=("labelled_texts",),
        selects_for=("labelled_texts",),
    ),
    Metric(
        "silhouette",
        "Silhouette",
        "number",
        "Silhouette coefficient with cosine distance: from -1 (nearer to another class) to 1 (well separated).",
        cards=("labelled_texts",),
    ),
    Metric("pair_cosine", "Mean cosine of pairs", "number", "Mean cosine similarity of the two texts of a pair."),
    Metric(
        "random_cosine",
        "Mean cosine of random pairs",
        "number",
        "Mean cosine similarity of random texts that are no known pair.",
        lower_is_better=True,
    ),
    Metric("threshold", "Threshold", "number", "The cosine similarity at which best F1 is reached."),
)

METRICS: dict[str, Metric] = {metric.key: metric for metric in _RECORDS}
"""Every metric by its stored key, in the order in which cards show them."""


def metric_of(key: str) -> Metric:
    """Look up a metric's record.

    A key that only another version of Closer knows is a number under its own name.
    """
    return METRICS.get(key) or Metric(key, key, "number", "")


def key_of_title(title: str) -> str:
    """Look up the key of the metric with a title.

    A title that is no metric's is itself the key, as in `metric_of`.
    """
    return next((metric.key for metric in METRICS.values() if metric.title == title), title)


def card_metrics(shape: str) -> list[Metric]:
    """List the metrics that have a card in the verdict of a shape."""
    return [metric for metric in METRICS.values() if shape in metric.cards]


def primary_metric(shape: str) -> str:
    """Look up the key of the metric that decides the verdict of a shape on held-out."""
    return next(metric.key for metric in METRICS.values() if shape in metric.primary_for)


def selection_metric(shape: str) -> str:
    """Look up the key of the metric that selects the best epoch of a shape on validation."""
    return next(metric.key for metric in METRICS.values() if shape in metric.selects_for)
