"""The verdict of an evaluation: metric, sample, change with its interval, and whether it is clear."""

from __future__ import annotations

from math import isfinite

from lib.evaluation.bootstrap import MIN_GROUPS
from lib.evaluation.difference import Difference
from lib.evaluation.result import ExampleCounts
from lib.format import format_change, format_count, format_detectable, metric_title
from lib.shapes import Shape

ROUGH_GROUPS = 20
"""Below this many independent groups the sentence says so: intervals of so few are approximate."""


def sentence(
    *,
    shape: Shape,
    metric: str,
    change: Difference,
    examples: int,
    counts: ExampleCounts,
    groups: int,
    texts: int | None = None,
    unmeasured: str = "",
    called: str = "held-out",
) -> str:
    """Write the verdict's sentence: metric, sample, change with interval, how many examples changed.

    texts: how many distinct queries the examples have, where a query may have several. unmeasured: why there is no number.
    """
    subject = f"{metric_title(metric)} on {sample_text(shape, examples, called, texts)}"
    if not (isfinite(change.base) and isfinite(change.tuned)):
        return f"{subject} can't be measured{f': {unmeasured}' if unmeasured else ''}."
    better = f"{format_count(counts.better, noun(shape))} better"
    parts = [
        f"{subject}: {format_change(metric, change)}; {better}, {counts.worse:,} worse, {counts.same:,} unchanged.",
        format_detectable(metric, change.detectable) if change.verdict == "no clear change" else "",
        caution(groups),
    ]
    return " ".join(part for part in parts if part)


def sample_text(shape: Shape, examples: int, called: str, texts: int | None) -> str:
    """Write how many examples are measured, and of how many queries where these are fewer."""
    if texts is None or texts == examples:
        return format_count(examples, f"{called} {noun(shape)}")
    queries = format_count(texts, f"{called} query", f"{called} queries")
    return f"{queries} ({format_count(examples, noun(shape))})"


def caution(groups: int) -> str:
    """Warn where there are few independent groups; empty where there are enough."""
    if groups >= ROUGH_GROUPS:
        return ""
    only = f"Only {format_count(groups, 'independent group')}"
    if groups < MIN_GROUPS:
        return f"{only}: too few to draw a conclusion."
    return f"{only}: the interval is approximate."


def noun(shape: Shape) -> str:
    """Look up what one example of the shape is called."""
    return {Shape.TRIPLETS: "triplet", Shape.LABELLED_TEXTS: "text"}.get(shape, "pair")
