"""The verdict in one sentence, from the numbers that were measured."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from lib.data.shapes import Shape
from lib.evaluation.statistics import Difference

NAMES: dict[str, str] = {
    "recall@1": "recall@1",
    "mrr@10": "MRR@10",
    "ndcg@10": "nDCG@10",
    "accuracy@1": "right answer first",
    "spearman": "Spearman",
    "pearson": "Pearson",
    "average_precision": "average precision",
    "triplet_accuracy": "triplet accuracy",
    "neighbour_recall": "same-class neighbours",
    "accuracy@5": "right answer among 5",
    "accuracy@10": "right answer among 10",
    "recall@5": "recall@5",
    "recall@10": "recall@10",
    "median_rank": "median rank",
    "best_f1": "best F1",
    "silhouette": "silhouette",
}
PERCENT = ("recall@", "accuracy@", "neighbour_recall", "triplet_accuracy")


def is_percent(metric: str) -> bool:
    """Say whether a metric is shown in whole percent."""
    return metric.startswith(PERCENT)


def points(value: float) -> str:
    """Return a difference of shares in signed whole points."""
    return f"{100 * value:+.0f}"


def sentence(
    *,
    shape: Shape,
    metric: str,
    found: Difference,
    examples: int,
    counts: dict[str, int],
    groups: int,
    called: str = "held-out",
) -> str:
    """Return the verdict's sentence: how many examples, what changed with its interval, how many moved which way."""
    better = f"{counts['better']:,} {noun(shape, counts['better'])} better"
    moved = f"{better}, {counts['worse']:,} worse, {counts['same']:,} the same."
    if is_percent(metric):
        change = f"({points(found.difference)} points, {interval(found, points)})"
        values = f"{100 * found.tuned:.0f}%, before {100 * found.base:.0f}%"
        detectable = f"{100 * found.detectable:.0f} points"
    else:
        change = f"({found.difference:+.3f}, {interval(found, '{:+.3f}'.format)})"
        values = f"{found.tuned:.3f}, before {found.base:.3f}"
        detectable = f"{found.detectable:.3f}"
    told = {
        "accuracy@1": f"the right answer now comes first for {values}",
        "neighbour_recall": f"of the nearest neighbours, those of the same class are now {values}",
    }.get(metric, f"{NAMES.get(metric, metric)} is now {values}")
    text = f"On {examples:,} {called} {noun(shape, examples)} {told} {change}; {moved}"
    if found.verdict == "no clear change" and isfinite(found.detectable):
        text += f" This many could show a change of about {detectable} or more."
    if groups < 20:
        text += f" They fall into only {groups} independent groups: read the interval as rough."
    return text


def interval(found: Difference, written: Callable[[float], str]) -> str:
    """Return the 95% interval in words, or that there is none."""
    if not (isfinite(found.low) and isfinite(found.high)):
        return "too few independent groups for an interval"
    return f"95% interval {written(found.low)} to {written(found.high)}"


def noun(shape: Shape, number: int) -> str:
    """Return what an example of the shape is called, in the right number."""
    word = {Shape.TRIPLETS: "triplet", Shape.LABELLED_TEXTS: "text"}.get(shape, "pair")
    return word if number == 1 else f"{word}s"
