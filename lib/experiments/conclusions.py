"""What control and learning curve mean, in words."""

from __future__ import annotations

from typing import Literal

from lib.experiments.result import ControlResult, LearningCurve
from lib.format import format_detectable, format_share, format_step

_ControlOutcome = Literal["no comparison", "no gain", "from pairs", "partly from pairs", "not from pairs", "unclear"]


def classify_control(control: ControlResult) -> _ControlOutcome:
    """Classify where the run's gain comes from; the control explains a gain only where the run has one."""
    beyond, run = control.beyond, control.run
    if beyond is None or run is None:
        return "no comparison"
    if run.verdict != "better":
        return "no gain"
    if beyond.verdict == "better":
        return "partly from pairs" if control.control.verdict == "better" else "from pairs"
    return "not from pairs" if beyond.verdict == "worse" else "unclear"


def control_conclusion(control: ControlResult) -> str:
    """Conclude in words what the shuffled-target control means for the run."""
    outcome, metric, change = classify_control(control), control.metric, control.beyond
    if outcome == "no comparison" or change is None:
        return "Run the control again to compare it with the run, pair by pair."
    if outcome == "no gain":
        words = "The run shows no clear gain, so the control has nothing to explain."
        return f"{words} The control did gain: inspect the pairs." if control.control.verdict == "better" else words
    gap = f"control → run {format_step(metric, change)}"
    words = {
        "from pairs": f"The gain comes from the pairs: {gap}.",
        "partly from pairs": f"Part of the gain comes from the pairs: {gap}. The control gained too.",
        "not from pairs": f"The gain isn't due to the pairs: the control did better than the run ({gap}).",
        "unclear": f"Unclear whether the gain comes from the pairs: {gap}. {format_detectable(metric, change.detectable)}",
    }[outcome]
    return words.strip()


def learning_curve_conclusion(curve: LearningCurve) -> str:
    """Conclude whether more data would help, from the last step of the learning curve, pair by pair."""
    points, metric, step_change = curve.points, curve.metric, curve.last_step
    if len(points) < 2:
        return "Too few rows for a learning curve."
    if step_change is None:
        return "Run the learning curve again to compare its last two points pair by pair."
    step = f"From {format_share(points[-2].fraction)} to 100% of the data: {format_step(metric, step_change)}"
    if step_change.verdict == "better":
        return f"{step}. More data would probably help."
    if step_change.verdict == "worse":
        return f"{step}. More of the same data made it worse: check what was added."
    unclear = f"{step}, no clear change. Whether more data would help is unclear."
    return f"{unclear} {format_detectable(metric, step_change.detectable)}".strip()


def earlier_model_note(experiment_model: str, model: str | None) -> str:
    """Note that an experiment used an earlier model of this run; empty where it used this one."""
    if not experiment_model or not model or experiment_model == model:
        return ""
    return "From an earlier checkpoint; the run has been trained further since."
