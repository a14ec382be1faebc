"""Numbers of a comparison in words: base -> tuned, difference with interval; what placebo and learning curve mean."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from lib.evaluation.verdict import is_percent, signed, size, written

HARDLY = "no clear change"
UNKNOWN = float("nan")


def number(value: float | None) -> float:
    """Return a stored number, nan where there is none."""
    return UNKNOWN if value is None else float(value)


def between(metric: str, numbers: Mapping[str, Any]) -> str:
    """Return the 95% interval of a difference in words."""
    low, high = number(numbers.get("low")), number(numbers.get("high"))
    if not (isfinite(low) and isfinite(high)):
        return "no interval"
    return f"{signed(metric, low)} to {signed(metric, high)}"


def told(metric: str, numbers: Mapping[str, Any]) -> str:
    """Return base -> tuned with the difference and its 95% interval."""
    difference = number(numbers["difference"])
    base, tuned = (written(metric, number(numbers[name]), difference=difference) for name in ("base", "tuned"))
    return f"{base} → {tuned} ({step(metric, numbers)})"


def step(metric: str, numbers: Mapping[str, Any]) -> str:
    """Return a difference with its 95% interval."""
    found = between(metric, numbers)
    unit = " points" if is_percent(metric) else ""
    interval = found if found == "no interval" else f"95% interval {found}"
    return f"{signed(metric, number(numbers['difference']))}{unit}, {interval}"


def reach(metric: str, numbers: Mapping[str, Any]) -> str:
    """Return the smallest change that so many examples could show; empty where that cannot be said."""
    least = number(numbers.get("detectable"))
    return f"This many could show a change of about {size(metric, least)}." if isfinite(least) else ""


def placebo_means(placebo: Mapping[str, Any]) -> str:
    """Return what the placebo says of the run: a gain is spoken of only where the run has one."""
    beyond, run = placebo.get("beyond"), placebo.get("run")
    if not beyond or not run:
        return "Train it again to compare it with the run, pair by pair."
    if run["verdict"] != "better":
        lead = "The run has no clear gain that a placebo could explain."
        return f"{lead} The placebo gained: look at the pairs." if placebo["verdict"] == "better" else lead
    gap = f"from placebo to run {step(placebo['metric'], beyond)}"
    if beyond["verdict"] == "better":
        also = " The placebo gained too: part of the gain is not due to the pairs." * (placebo["verdict"] == "better")
        return f"The gain comes from the pairs: {gap}.{also}"
    if beyond["verdict"] == "worse":
        return f"The placebo did better than the run ({gap}): the gain is not due to the pairs."
    return f"Whether the gain comes from the pairs is not clear: {gap}. {reach(placebo['metric'], beyond)}".strip()


def more_data(found: Mapping[str, Any]) -> str:
    """Return whether more data would help, as far as the step from the last part to the whole tells, pair by pair."""
    points, metric = found["points"], found["metric"]
    if len(points) < 2:
        return "Too few rows to say."
    last = found.get("step")
    if not last:
        return "Train on parts again to compare the last two pair by pair."
    brought = f"From {points[-2]['fraction']:.0%} to all of the data: {step(metric, last)}"
    if last["verdict"] == "better":
        return f"{brought}. More data would probably help."
    if last["verdict"] == "worse":
        return f"{brought}. More of the same made it worse: look at what was added."
    return f"{brought}, no clear change. Whether more data would help cannot be told. {reach(metric, last)}".strip()


def stale(found: Mapping[str, Any], model: str | None) -> str:
    """Return that an experiment was made with an earlier model of this run, empty where it was made with this one."""
    known = found.get("model")
    if not known or not model or known == model:
        return ""
    return "This was found with an earlier model of the run, which has been trained on since."
