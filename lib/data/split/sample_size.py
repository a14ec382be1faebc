"""How much a held-out part of a given size can show: said before training, not after."""

from __future__ import annotations

import math

import pandas as pd

NORMAL_QUANTILE = 1.959964
"""Two-sided 95% quantile of the normal distribution."""


def share_half_width(rows: int, *, share: float = 0.5) -> float:
    """Return half the width of the 95% interval of a share measured on so many independent rows: z sqrt(p(1 - p)/n)."""
    return NORMAL_QUANTILE * math.sqrt(share * (1 - share) / rows) if rows else float("inf")


def correlation_half_width(rows: int, *, correlation: float = 0.7) -> float:
    """Return half the width of the 95% interval of a correlation, by Fisher's z: atanh(r) +- z / sqrt(n - 3)."""
    if rows <= 3:
        return float("inf")
    reach = NORMAL_QUANTILE / math.sqrt(rows - 3)
    low, high = math.tanh(math.atanh(correlation) - reach), math.tanh(math.atanh(correlation) + reach)
    return (high - low) / 2


def rows_for_half_width(half: float, *, share: float = 0.5) -> int:
    """Return how many rows it takes for an interval of this half width: p(1 - p)(z / h)^2."""
    return math.ceil(share * (1 - share) * (NORMAL_QUANTILE / half) ** 2)


def count_independent(frame: pd.DataFrame) -> int:
    """Return how many rows count as independent: rows that share a source or a target tell the same story twice."""
    names = [name for name in ("anchor", "positive") if name in frame] or ["component"]
    return min((int(frame[name].nunique()) for name in names), default=0)


def held_out_advice(rows: int, groups: int, *, scored: bool) -> str:
    """Return the honest line on a held-out part of so many rows, of which `groups` are independent."""
    count = min(rows, groups)
    if scored:
        return (
            f"{rows:,} held-out rows, {groups:,} of them independent: a rank correlation around 0.7 will be known to about "
            f"±{correlation_half_width(count):.3f} (95%, Fisher's z with n = {count:,}). A smaller change is not told from chance."
        )
    points = 100 * share_half_width(count)
    return (
        f"{rows:,} held-out rows, {groups:,} of them independent: a share such as recall@1 will be known to about "
        f"±{points:.1f} points (95%, 1.96 × √(0.25 / n) with n = {count:,}). For ±3 points it takes {rows_for_half_width(0.03):,}."
    )
