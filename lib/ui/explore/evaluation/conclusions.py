"""What control and learning curve mean, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lib.format import StoredChange, format_detectable, format_share, format_step

_ControlOutcome = Literal["no comparison", "no gain", "from pairs", "partly from pairs", "not from pairs", "unclear"]


def classify_control(control: Mapping[str, Any]) -> _ControlOutcome:
    """Classify where the run's gain comes from; the control explains a gain only where the run has one."""
    beyond, run = control.get("beyond"), control.get("run")
    if not beyond or not run:
        return "no comparison"
    if run["verdict"] != "better":
        return "no gain"
    if beyond["verdict"] == "better":
        return "partly from pairs" if control["verdict"] == "better" else "from pairs"
    return "not from pairs" if beyond["verdict"] == "worse" else "unclear"


def control_conclusion(control: Mapping[str, Any]) -> str:
    """Say what the shuffled-target control means for the run."""
    outcome, metric = classify_control(control), control["metric"]
    if outcome == "no comparison":
        return "Run the control again to compare it with the run, pair by pair."
    if outcome == "no gain":
        words = "The run shows no clear gain, so the control has nothing to explain."
        return f"{words} The control did gain: inspect the pairs." if control["verdict"] == "better" else words
    change = StoredChange.from_json(control["beyond"])
    gap = f"control → run {format_step(metric, change)}"
    words = {
        "from pairs": f"The gain comes from the pairs: {gap}.",
        "partly from pairs": f"Part of the gain comes from the pairs: {gap}. The control gained too.",
        "not from pairs": f"The gain isn't due to the pairs: the control did better than the run ({gap}).",
        "unclear": f"Unclear whether the gain comes from the pairs: {gap}. {format_detectable(metric, change.detectable)}",
    }[outcome]
    return words.strip()


def learning_curve_conclusion(curve: Mapping[str, Any]) -> str:
    """Say whether more data would help, by the step from the last part to all of the data, pair by pair."""
    points, metric = curve["points"], curve["metric"]
    if len(points) < 2:
        return "Too few rows for a learning curve."
    last = curve.get("step")
    if not last:
        return "Run the learning curve again to compare its last two points pair by pair."
    change = StoredChange.from_json(last)
    step = f"From {format_share(points[-2]['fraction'])} to 100% of the data: {format_step(metric, change)}"
    if last["verdict"] == "better":
        return f"{step}. More data would probably help."
    if last["verdict"] == "worse":
        return f"{step}. More of the same data made it worse: check what was added."
    unclear = f"{step}, no clear change. Whether more data would help is unclear."
    return f"{unclear} {format_detectable(metric, change.detectable)}".strip()


def earlier_model_note(experiment: Mapping[str, Any], model: str | None) -> str:
    """Say that an experiment was made with an earlier model of this run; empty where it was made with this one."""
    stored = experiment.get("model")
    if not stored or not model or stored == model:
        return ""
    return "From an earlier checkpoint; the run has been trained further since."
