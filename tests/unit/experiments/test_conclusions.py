"""What a shuffled-target control and a learning curve allow to say, and what they don't."""

from __future__ import annotations

from math import nan

import pytest

from lib.evaluation.difference import Difference, Verdict
from lib.experiments.conclusions import (
    classify_control,
    control_conclusion,
    earlier_model_note,
    learning_curve_conclusion,
)
from lib.experiments.result import ControlResult, LearningCurve, LearningCurvePoint


def step(verdict: Verdict, difference: float = 0.2) -> Difference:
    low, high = difference - 0.1, difference + 0.1
    return Difference(0.5, 0.5 + difference, low, high, detectable=0.09, stored_verdict=verdict)


def stored_control(own: Verdict, run: Verdict, beyond: Verdict) -> ControlResult:
    return ControlResult("accuracy@1", step(own), step(run), step(beyond))


@pytest.mark.parametrize(
    ("own", "run", "beyond", "outcome"),
    [
        ("no clear change", "better", "better", "from pairs"),
        ("better", "better", "better", "partly from pairs"),
        ("better", "better", "no clear change", "unclear"),
        ("better", "better", "worse", "not from pairs"),
        ("no clear change", "no clear change", "no clear change", "no gain"),
        ("worse", "worse", "better", "no gain"),
    ],
)
def test_a_control_explains_a_gain_only_where_the_run_has_one(
    own: Verdict, run: Verdict, beyond: Verdict, outcome: str
) -> None:
    control = stored_control(own, run, beyond)
    assert classify_control(control) == outcome
    assert ("control → run +20 points, 95% CI +10 to +30" in control_conclusion(control)) == (outcome != "no gain")


def test_a_control_without_a_comparison_asks_for_another() -> None:
    assert classify_control(ControlResult("mrr@10", step("worse"))) == "no comparison"


def test_missing_numbers_are_no_nan() -> None:
    unknown = Difference(0.5, 0.7, nan, nan, detectable=nan, stored_verdict="no clear change")
    assert "nan" not in control_conclusion(ControlResult("mrr@10", unknown, step("better"), unknown))


def curve(verdict: Verdict, difference: float) -> LearningCurve:
    return LearningCurve("mrr@10", points(0.25, 0.5, 1.0), step(verdict, difference))


def points(*fractions: float) -> tuple[LearningCurvePoint, ...]:
    return tuple(LearningCurvePoint(one, round(100 * one), step("better")) for one in fractions)


def test_more_data_helps_only_where_the_last_step_is_clear() -> None:
    words = {
        "better": learning_curve_conclusion(curve("better", 0.2)),
        "worse": learning_curve_conclusion(curve("worse", 0.2)),
    }
    unclear = learning_curve_conclusion(curve("no clear change", 0.001))
    assert "From 50% to 100% of the data: +0.200" in words["better"]
    assert len({*words.values(), unclear}) == 3
    assert "+0.001" in unclear
    assert "no clear change" in unclear
    assert "0.090" in unclear


@pytest.mark.parametrize("fractions", [(1.0,), (0.5, 1.0)])
def test_a_curve_without_a_last_step_claims_nothing(fractions: tuple[float, ...]) -> None:
    words = learning_curve_conclusion(LearningCurve("mrr@10", points(*fractions)))
    assert words
    assert "%" not in words


def test_an_experiment_with_an_earlier_model_says_so() -> None:
    assert earlier_model_note("a", "b")
    assert not earlier_model_note("a", "a")
    assert not earlier_model_note("", "b")
