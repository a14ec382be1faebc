"""Write metrics, differences, intervals, counts and units for pages, commands, charts, reports."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Protocol

from lib.metrics import metric_of

NO_INTERVAL = "no interval"
_UNITS = {"share": "point", "rank": "rank", "number": ""}
"""What a difference of each kind of metric is counted in."""


class Change(Protocol):
    """One metric of base and tuned model.

    Unknown values are nan; a bound that does not exist is nan or infinite.
    """

    @property
    def base(self) -> float: ...
    @property
    def tuned(self) -> float: ...
    @property
    def difference(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


class MetricChange(Change, Protocol):
    """A change that knows its metric."""

    @property
    def metric(self) -> str: ...


def metric_title(key: str) -> str:
    """Look up a metric's title."""
    return metric_of(key).title


def format_metric(key: str, value: float, *, difference: float = 1.0) -> str:
    """Write a value of a metric: 47%, 0.512 or rank 12.

    With digits enough to show a small difference to another.
    """
    kind = metric_of(key).kind
    if kind == "rank":
        return f"{value:,.1f}".removesuffix(".0")
    return format_share(value, digits=_share_digits(difference)) if kind == "share" else f"{value:.3f}"


def format_difference(key: str, difference: float, *, unit: bool = False) -> str:
    """Write a difference of a metric with its sign: +14 (points of a share), +0.125, -2.

    unit: +14 points, -2 ranks.
    """
    kind = metric_of(key).kind
    if kind == "rank":
        text = unsigned_zero(f"{difference:+,.1f}".removesuffix(".0"))
    else:
        text = format_points(difference) if kind == "share" else unsigned_zero(f"{difference:+.3f}")
    return f"{text} {_unit(key, text)}".rstrip() if unit else text


def format_points(difference: float) -> str:
    """Write a difference of shares in signed percentage points: whole ones, below one with one decimal."""
    return unsigned_zero(f"{100 * difference:+.{_share_digits(difference)}f}")


def _share_digits(difference: float) -> int:
    """Count the decimals of a percent that a difference of shares needs."""
    return int(0 < abs(difference) < 0.01)


def plotly_format(key: str) -> str:
    """Look up the d3 format of a metric's values in hover texts.

    Percent for shares, three digits for numbers.
    """
    return {"share": ".0%", "number": ".3f", "rank": ",.1f"}[metric_of(key).kind]


def unsigned_zero(text: str) -> str:
    """Drop the sign of a written number that is zero."""
    return text if any(digit in text for digit in "123456789n") else text.lstrip("+-")


def format_magnitude(key: str, difference: float) -> str:
    """Write the size of a difference without its sign but with its unit: 6 points, 1 rank, 0.090."""
    return format_difference(key, difference, unit=True).lstrip("+-")


def _unit(key: str, written: str) -> str:
    """Look up what a written difference is counted in, in the right number."""
    unit = _UNITS[metric_of(key).kind]
    return f"{unit}s" if unit and written.lstrip("+-") != "1" else unit


def format_interval(key: str, change: Change) -> str:
    """Write the interval of a difference, without its unit: +10 to +18."""
    if not (isfinite(change.low) and isfinite(change.high)):
        return NO_INTERVAL
    return f"{format_difference(key, change.low)} to {format_difference(key, change.high)}"


def format_step(key: str, change: Change) -> str:
    """Write a difference with its 95% confidence interval: +14 points, 95% CI +10 to +18."""
    difference, interval = format_difference(key, change.difference, unit=True), format_interval(key, change)
    return f"{difference}, {'' if interval == NO_INTERVAL else '95% CI '}{interval}"


def format_values(key: str, change: Change, *, arrow: str = "→") -> str:
    """Write base -> tuned: 47% → 61%."""
    base, tuned = (format_metric(key, value, difference=change.difference) for value in (change.base, change.tuned))
    return f"{base} {arrow} {tuned}"


def format_change(key: str, change: Change, *, arrow: str = "→") -> str:
    """Write base -> tuned with the difference and its 95% interval.

    47% → 61% (+14 points, 95% CI +10 to +18).
    """
    return f"{format_values(key, change, arrow=arrow)} ({format_step(key, change)})"


def format_headline(headline: MetricChange | None, *, arrow: str = "→") -> str:
    """Write a run's headline in one line: the metric and its change; empty where there is none."""
    if not headline:
        return ""
    return f"{metric_title(headline.metric)} {format_change(headline.metric, headline, arrow=arrow)}"


def format_detectable(key: str, detectable: float) -> str:
    """Write the smallest change that so small a sample can show; empty where that is not known."""
    if not isfinite(detectable):
        return ""
    least = format_magnitude(key, detectable)
    return f"With this sample size, changes below about {least} can't be detected (80% power)."


def format_p_value(value: float) -> str:
    """Write a p-value with three digits."""
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def format_cosine(value: float, *, signed: bool = False) -> str:
    """Write a cosine similarity, or with its sign a difference of two, with three digits."""
    return unsigned_zero(f"{value:{'+' if signed else ''}.3f}")


def format_share(value: float, *, digits: int = 0) -> str:
    """Write a share in percent, whole unless digits say otherwise."""
    return f"{value:.{digits}%}"


def format_count(number: int, noun: str, plural: str = "") -> str:
    """Write a count with its noun in the right number: 1 row, 1,204 rows."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def format_duration(seconds: float | None) -> str:
    """Write seconds as 45 s, 3 min 20 s, 3 min, 30 min or 2 h 5 min; empty for None."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s") if whole < 600 else f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min".removesuffix(" 0 min")


def format_bytes(number: float | None) -> str:
    """Write bytes as 12 bytes, 87 MB or 1.23 GB (powers of 1,000); empty for None."""
    if number is None:
        return ""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            value = number / factor
            return f"{value:.3g} {unit}" if value < 999.5 else f"{value:,.0f} {unit}"
    return format_count(int(number), "byte")


def format_time(stored: str | None) -> str:
    """Write a stored UTC time as the local day and minute; empty for None."""
    if not stored:
        return ""
    return f"{datetime.fromisoformat(stored).astimezone():%d %b %Y, %H:%M}"
