"""The verdict in one sentence, from the numbers that were measured, and how each measure's numbers are written."""

from __future__ import annotations

from math import isfinite

from lib.data.shapes import Shape
from lib.evaluation.bootstrap import MIN_GROUPS, Difference

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
RANK = "median_rank"
ROUGH = 20
"""Below this many independent groups the sentence says so."""


def is_percent(metric: str) -> bool:
    """Say whether a metric is shown in whole percent."""
    return metric.startswith(PERCENT)


def points(value: float) -> str:
    """Return a difference of shares in signed points: whole ones, below one with one decimal."""
    return signless_zero(f"{100 * value:+.{digits_of(value)}f}")


def digits_of(difference: float) -> int:
    """Return how many decimals of a percent a difference of shares needs."""
    return int(0 < abs(difference) < 0.01)


def signless_zero(text: str) -> str:
    """Return a written number, without its sign where it is zero."""
    return text if any(digit in text for digit in "123456789n") else text.lstrip("+-")


def written(metric: str, value: float, *, difference: float = 1.0) -> str:
    """Return a value as its measure is shown: percent, three digits, or a rank; so finely that its difference is seen."""
    if metric == RANK:
        return f"{value:,.1f}".removesuffix(".0")
    return f"{100 * value:.{digits_of(difference)}f}%" if is_percent(metric) else f"{value:.3f}"


def signed(metric: str, value: float) -> str:
    """Return a difference as its measure is shown, with its sign; shares in points."""
    if metric == RANK:
        return signless_zero(f"{value:+,.1f}".removesuffix(".0"))
    return points(value) if is_percent(metric) else signless_zero(f"{value:+.3f}")


def size(metric: str, value: float) -> str:
    """Return how large a difference is, in the measure's own unit."""
    text = signed(metric, value).lstrip("+-")
    unit = "point" if is_percent(metric) else "rank" if metric == RANK else ""
    return f"{text} {unit}{'' if text == '1' else 's'}" if unit else text


def sentence(
    *,
    shape: Shape,
    metric: str,
    found: Difference,
    examples: int,
    counts: dict[str, int],
    groups: int,
    texts: int | None = None,
    unmeasured: str = "",
    called: str = "held-out",
) -> str:
    """Return the verdict's sentence: how many examples, what changed with its interval, how many moved which way.

    texts: how many distinct sources the examples have, where a source may have several. unmeasured: why there is no number.
    """
    about = f"On {whom(shape, examples, called, texts)}"
    if not (isfinite(found.base) and isfinite(found.tuned)):
        return f"{about} {NAMES.get(metric, metric)} cannot be measured{f': {unmeasured}' if unmeasured else ''}."
    better = f"{counts['better']:,} {noun(shape, counts['better'])} better"
    moved = f"{better}, {counts['worse']:,} worse, {counts['same']:,} the same."
    text = f"{about} {change(metric, found)}; {moved}"
    if found.verdict == "no clear change" and isfinite(found.detectable):
        text += f" This many could show a change of about {size(metric, found.detectable)} or more."
    return text + few(groups)


def whom(shape: Shape, examples: int, called: str, texts: int | None) -> str:
    """Return how many examples are judged, and of how many texts where these are fewer."""
    if texts is None or texts == examples:
        return f"{examples:,} {called} {noun(shape, examples)}"
    return f"{texts:,} {called} {'text' if texts == 1 else 'texts'} ({examples:,} {noun(shape, examples)})"


def change(metric: str, found: Difference) -> str:
    """Return what a measure is now and was before, with difference and interval."""
    now, before = (written(metric, value, difference=found.difference) for value in (found.tuned, found.base))
    told = {
        "accuracy@1": "the right answer now comes first for",
        "neighbour_recall": "the share of the ten nearest neighbours that have the same class is now",
    }.get(metric, f"{NAMES.get(metric, metric)} is now")
    unit = " points" if is_percent(metric) else ""
    return f"{told} {now}, before {before} ({signed(metric, found.difference)}{unit}, {interval(metric, found)})"


def few(groups: int) -> str:
    """Return what so few independent groups mean, nothing where they are enough."""
    if groups >= ROUGH:
        return ""
    number = f" They fall into only {groups} independent {'group' if groups == 1 else 'groups'}"
    return f"{number}: so few cannot tell." if groups < MIN_GROUPS else f"{number}: read the interval as rough."


def interval(metric: str, found: Difference) -> str:
    """Return the 95% interval in words, or that there is none."""
    if not (isfinite(found.low) and isfinite(found.high)):
        return "no interval"
    return f"95% interval {signed(metric, found.low)} to {signed(metric, found.high)}"


def noun(shape: Shape, number: int) -> str:
    """Return what an example of the shape is called, in the right number."""
    word = {Shape.TRIPLETS: "triplet", Shape.LABELLED_TEXTS: "text"}.get(shape, "pair")
    return word if number == 1 else f"{word}s"
