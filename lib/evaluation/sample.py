"""What an evaluation was measured on, and how its intervals and test are computed, in words."""

from __future__ import annotations

from math import isfinite

from lib.evaluation.result import Evaluation
from lib.format import format_count, format_detectable, format_p_value


def describe_sample(evaluation: Evaluation) -> str:
    """Write the sample's sizes, and how intervals and test are computed.

    Where no change is clear, the smallest detectable one, too.
    """
    examples, groups = (
        format_count(evaluation.examples, "example"),
        format_count(evaluation.groups, "independent group"),
    )
    words = f"Held-out split only: {examples} in {groups}"
    if evaluation.documents:
        words += f", ranked among {format_count(evaluation.documents, 'distinct target')}"
    change = evaluation.primary
    if not isfinite(change.low):
        return f"{words}."
    words += f". 95% confidence intervals: bootstrap over groups; paired randomization test: {format_p_value(change.p_value)}."
    if evaluation.verdict != "no clear change":
        return words
    return f"{words} {format_detectable(evaluation.metric, change.detectable)}".strip()
