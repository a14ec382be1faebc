"""What control and learning curve mean, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lib.format import StoredChange, format_detectable, format_step


def control_conclusion(placebo: Mapping[str, Any]) -> str:
    """Return what the placebo says of the run: a gain is spoken of only where the run has one."""
    beyond, run = placebo.get("beyond"), placebo.get("run")
    if not beyond or not run:
        return "Train it again to compare it with the run, pair by pair."
    if run["verdict"] != "better":
        lead = "The run has no clear gain that a placebo could explain."
        return f"{lead} The placebo gained: look at the pairs." if placebo["verdict"] == "better" else lead
    change = StoredChange.from_json(beyond)
    gap = f"from placebo to run {format_step(placebo['metric'], change)}"
    if beyond["verdict"] == "better":
        also = " The placebo gained too: part of the gain is not due to the pairs." * (placebo["verdict"] == "better")
        return f"The gain comes from the pairs: {gap}.{also}"
    if beyond["verdict"] == "worse":
        return f"The placebo did better than the run ({gap}): the gain is not due to the pairs."
    return f"Whether the gain comes from the pairs is not clear: {gap}. {format_detectable(placebo['metric'], change.detectable)}".strip()


def learning_curve_conclusion(found: Mapping[str, Any]) -> str:
    """Return whether more data would help, as far as the step from the last part to the whole tells, pair by pair."""
    points, metric = found["points"], found["metric"]
    if len(points) < 2:
        return "Too few rows to say."
    last = found.get("step")
    if not last:
        return "Train on parts again to compare the last two pair by pair."
    change = StoredChange.from_json(last)
    brought = f"From {points[-2]['fraction']:.0%} to all of the data: {format_step(metric, change)}"
    if last["verdict"] == "better":
        return f"{brought}. More data would probably help."
    if last["verdict"] == "worse":
        return f"{brought}. More of the same made it worse: look at what was added."
    return f"{brought}, no clear change. Whether more data would help cannot be told. {format_detectable(metric, change.detectable)}".strip()


def earlier_model_note(found: Mapping[str, Any], model: str | None) -> str:
    """Return that an experiment was made with an earlier model of this run, empty where it was made with this one."""
    known = found.get("model")
    if not known or not model or known == model:
        return ""
    return "This was found with an earlier model of the run, which has been trained on since."
