"""What a held-out split of a given size can show: margins of error, stated before training."""

from __future__ import annotations

import math

import pandas as pd

from lib.format import format_count

NORMAL_QUANTILE = 1.959964
"""Two-sided 95% quantile of the normal distribution."""


def share_half_width(rows: int, *, share: float = 0.5) -> float:
    """Compute the 95% margin of error of a proportion on n independent rows.

    z sqrt(p(1 - p) / n) (Wald).
    """
    return NORMAL_QUANTILE * math.sqrt(share * (1 - share) / rows) if rows else float("inf")


def correlation_half_width(rows: int, *, correlation: float = 0.7) -> float:
    """Compute half the width of the 95% interval of a correlation.

    tanh(atanh(r) +- z / sqrt(n - 3)) (Fisher 1921).
    """
    if rows <= 3:
        return float("inf")
    step = NORMAL_QUANTILE / math.sqrt(rows - 3)
    low, high = math.tanh(math.atanh(correlation) - step), math.tanh(math.atanh(correlation) + step)
    return (high - low) / 2


def rows_for_half_width(half: float, *, share: float = 0.5) -> int:
    """Compute how many rows give a proportion this margin of error h: p(1 - p)(z / h)^2, rounded up."""
    return math.ceil(share * (1 - share) * (NORMAL_QUANTILE / half) ** 2)


def count_independent(frame: pd.DataFrame) -> int:
    """Count the independent rows: distinct sources or targets, whichever are fewer."""
    names = [name for name in ("anchor", "positive") if name in frame] or ["component"]
    return min((int(frame[name].nunique()) for name in names), default=0)


def held_out_advice(rows: int, groups: int, *, scored: bool) -> str:
    """Write what a held-out split of so many rows, `groups` of them independent, can show."""
    count = min(rows, groups)
    if scored:
        return (
            f"{format_count(rows, 'held-out row')}, {groups:,} of them independent. 95% margin of error: about "
            f"±{correlation_half_width(count):.3f} for a rank correlation of 0.7 (Fisher's z, n = {count:,}). Smaller changes "
            "can't be distinguished from chance."
        )
    points = 100 * share_half_width(count)
    return (
        f"{format_count(rows, 'held-out row')}, {groups:,} of them independent. 95% margin of error: about ±{points:.1f} points for a "
        f"proportion such as recall@1 (1.96 × √(0.25 / n), n = {count:,}). ±3 points take {rows_for_half_width(0.03):,} rows."
    )
