"""What a shuffled-target control and a learning curve allow to say, and what they don't."""

from __future__ import annotations

from typing import Any

import pytest

from lib.ui.explore.evaluation.conclusions import (
    classify_control,
    control_conclusion,
    earlier_model_note,
    learning_curve_conclusion,
)


def step(verdict: str, difference: float = 0.2) -> dict[str, Any]:
    numbers = {"base": 0.5, "tuned": 0.5 + difference, "difference": difference, "detectable": 0.09}
    return numbers | {"low": difference - 0.1, "high": difference + 0.1, "verdict": verdict}


def stored_control(own: str, run: str, beyond: str) -> dict[str, Any]:
    return {"metric": "accuracy@1", **step(own), "run": step(run), "beyond": step(beyond)}


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
def test_a_control_explains_a_gain_only_where_the_run_has_one(own: str, run: str, beyond: str, outcome: str) -> None:
    control = stored_control(own, run, beyond)
    assert classify_control(control) == outcome
    assert ("control → run +20 points, 95% CI +10 to +30" in control_conclusion(control)) == (outcome != "no gain")


def test_a_control_without_a_comparison_asks_for_another() -> None:
    assert classify_control({"metric": "mrr@10", **step("worse")}) == "no comparison"


def test_missing_numbers_are_no_nan() -> None:
    numbers = step("no clear change") | {"low": None, "high": None, "detectable": None}
    assert "nan" not in control_conclusion({"metric": "mrr@10", **numbers, "run": step("better"), "beyond": numbers})


def curve(verdict: str, difference: float) -> dict[str, Any]:
    points = [{"fraction": share} for share in (0.25, 0.5, 1.0)]
    return {"metric": "mrr@10", "points": points, "step": step(verdict, difference)}


def test_more_data_helps_only_where_the_last_step_is_clear() -> None:
    words = {verdict: learning_curve_conclusion(curve(verdict, 0.2)) for verdict in ("better", "worse")}
    unclear = learning_curve_conclusion(curve("no clear change", 0.001))
    assert "From 50% to 100% of the data: +0.200" in words["better"]
    assert len({*words.values(), unclear}) == 3
    assert "+0.001" in unclear
    assert "no clear change" in unclear
    assert "0.090" in unclear


@pytest.mark.parametrize("points", [[{"fraction": 1.0}], [{}, {}]])
def test_a_curve_without_a_last_step_claims_nothing(points: list[dict[str, Any]]) -> None:
    words = learning_curve_conclusion({"metric": "mrr@10", "points": points})
    assert words
    assert "%" not in words


def test_an_experiment_with_an_earlier_model_says_so() -> None:
    assert earlier_model_note({"model": "a"}, "b")
    assert not earlier_model_note({"model": "a"}, "a")
    assert not earlier_model_note({}, "b")
