"""The metrics of an evaluation as commands print them for a person: one line each."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from lib.evaluation.difference import Difference
from lib.format import format_change, format_magnitude, metric_title

TITLE_WIDTH = 28


def metric_lines(metrics: Mapping[str, Difference]) -> list[str]:
    """Write a line for each metric by key."""
    return [metric_line(metric_title(key), key, change) for key, change in metrics.items()]


def metric_line(title: str, key: str, change: Difference) -> str:
    """Write base -> tuned, the difference with its 95% CI, and the smallest detectable change."""
    if not (isfinite(change.base) and isfinite(change.tuned)):
        return f"{title:<{TITLE_WIDTH}} can't be measured"
    detectable = f"  detectable: {format_magnitude(key, change.detectable)}" if isfinite(change.detectable) else ""
    return f"{title:<{TITLE_WIDTH}} {format_change(key, change, arrow='->')}{detectable}"
