"""The table of compared base models: quality, the line that they must beat, speed, size, licence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

import pandas as pd

from lib.evaluation.difference import Difference
from lib.experiments.base_comparison import WORDS, BaseComparison, BaseFacts, Quality
from lib.format import format_difference, format_interval, format_metric, metric_title
from lib.models.prompts.describe import quote_prompt

_SECOND_METRIC = "recall@1"
"""Shown beside the metric that decides, where texts are ranked."""


def base_table(comparison: BaseComparison) -> pd.DataFrame:
    """Build one row a base model, and one for BM25 where texts are ranked; the best first.

    What BM25 does not have is empty.
    """
    titles = _titles([base.model for base in comparison.bases])
    rows = [
        (base.metrics, _row(title, base.metrics, comparison, _against(base.change, comparison.metric), base.facts))
        for title, base in zip(titles, comparison.bases, strict=True)
    ]
    if comparison.words:
        rows.append((comparison.words, _row(WORDS, comparison.words, comparison, "")))
    values = [_order(metrics[comparison.metric].value) for metrics, _ in rows]
    return pd.DataFrame([rows[at][1] for at in sorted(range(len(rows)), key=values.__getitem__)])


def short_name(model: str) -> str:
    """Cut a base model's name to its last part."""
    return model.rstrip("/").rsplit("/", 1)[-1]


def _titles(models: Sequence[str]) -> list[str]:
    """Shorten the names as long as no two become one."""
    short = [short_name(model) for model in models]
    return short if len(set(short)) == len(short) else list(models)


def _order(value: float) -> float:
    return -value if isfinite(value) else float("inf")


def _row(
    name: str, metrics: Mapping[str, Quality], comparison: BaseComparison, against: str, facts: BaseFacts | None = None
) -> dict[str, object]:
    metric = comparison.metric
    quality = metrics[metric]
    has_interval = isfinite(quality.low) and isfinite(quality.high)
    bounds = (format_metric(metric, bound) for bound in (quality.low, quality.high))
    row: dict[str, object] = {
        "Base model": name,
        metric_title(metric): format_metric(metric, quality.value),
        "95% CI": " to ".join(bounds) if has_interval else "",
        f"Against {short_name(comparison.reference)}": against,
    }
    speed_and_size = {"Texts/s": facts.texts_per_second, "Size": facts.bytes / 1e6} if facts else {}
    row |= dict.fromkeys(("Texts/s", "Size")) | speed_and_size
    if _SECOND_METRIC in metrics:
        row[metric_title(_SECOND_METRIC)] = format_metric(_SECOND_METRIC, metrics[_SECOND_METRIC].value)
    return row | (_facts_row(facts) if facts else {})


def _against(change: Difference | None, metric: str) -> str:
    """Write verdict, change and interval against the reference; empty for the reference itself."""
    if change is None:
        return ""
    step = f"{format_difference(metric, change.difference)} ({format_interval(metric, change)})"
    return f"{change.verdict.capitalize()}: {step}"


def _facts_row(facts: BaseFacts) -> dict[str, object]:
    return {
        "Dimensions": facts.dimension,
        "Max length": facts.length_text,
        "Licence": facts.licence_text,
        "Languages": facts.languages_text,
        "Query prompt": quote_prompt(facts.query_prompt),
        "Document prompt": quote_prompt(facts.document_prompt),
    }
