"""What placebo, learning curve and neighbours allow to say, and what they don't."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from lib.ui.explore.evaluation.conclusions import control_conclusion, earlier_model_note, learning_curve_conclusion
from lib.ui.explore.pairs.detail import find_overtaking, neighbour_table


def step(verdict: str, difference: float = 0.2) -> dict[str, Any]:
    numbers = {"base": 0.5, "tuned": 0.5 + difference, "difference": difference, "detectable": 0.09}
    return numbers | {"low": difference - 0.1, "high": difference + 0.1, "verdict": verdict}


def placebo(own: str, run: str, beyond: str) -> dict[str, Any]:
    return {"metric": "accuracy@1", **step(own), "run": step(run), "beyond": step(beyond)}


@pytest.mark.parametrize(
    ("own", "run", "beyond", "words"),
    [
        ("no clear change", "better", "better", "The gain comes from the pairs: from placebo to run +20 points"),
        ("better", "better", "better", "part of the gain is not due to the pairs"),
        ("better", "better", "no clear change", "Whether the gain comes from the pairs is not clear"),
        ("better", "better", "worse", "the gain is not due to the pairs"),
        ("no clear change", "no clear change", "no clear change", "The run has no clear gain"),
        ("worse", "worse", "better", "The run has no clear gain"),
    ],
)
def test_a_gain_is_spoken_of_only_where_the_run_has_one(own: str, run: str, beyond: str, words: str) -> None:
    assert words in control_conclusion(placebo(own, run, beyond))


def test_a_placebo_of_before_the_comparison_asks_for_another() -> None:
    assert control_conclusion({"metric": "mrr@10", **step("worse")}).startswith("Train it again")


def test_missing_numbers_are_no_nan() -> None:
    numbers = step("no clear change") | {"low": None, "high": None, "detectable": None}
    assert "nan" not in control_conclusion({"metric": "mrr@10", **numbers, "run": step("better"), "beyond": numbers})


def curve(verdict: str, difference: float) -> dict[str, Any]:
    points = [{"fraction": share} for share in (0.25, 0.5, 1.0)]
    return {"metric": "mrr@10", "points": points, "step": step(verdict, difference)}


def test_more_data_helps_only_where_the_last_step_is_clear() -> None:
    assert "More data would probably help" in learning_curve_conclusion(curve("better", 0.2))
    hardly = learning_curve_conclusion(curve("no clear change", 0.001))
    assert "+0.001" in hardly
    assert "cannot be told" in hardly
    assert "below about 0.090" in hardly
    assert "made it worse" in learning_curve_conclusion(curve("worse", -0.2))
    assert learning_curve_conclusion({"metric": "mrr@10", "points": [{"fraction": 1.0}]}) == "Too few rows to say."
    assert learning_curve_conclusion({"metric": "mrr@10", "points": [{}, {}]}).startswith("Train on parts again")


def test_what_was_found_with_an_earlier_model_says_so() -> None:
    assert earlier_model_note({"model": "a"}, "b")
    assert not earlier_model_note({"model": "a"}, "a")
    assert not earlier_model_note({}, "b")


def neighbours(base: list[str], tuned: list[str]) -> pd.DataFrame:
    """Return ten nearest each; a text that begins with "right" is right."""
    rows = [
        {"moment": moment, "place": place, "text": text, "right": text.startswith("right"), "cosine": 1 - place / 20}
        for moment, texts in (("base", base), ("tuned", tuned))
        for place, text in enumerate(texts, start=1)
    ]
    return pd.DataFrame(rows)


NAMES = [f"w{number}" for number in range(1, 12)]


def test_who_was_ahead_and_is_no_more_was_overtaken() -> None:
    near = neighbours(["w1", "w2", "right", *NAMES[2:9]], ["w3", "right", *NAMES[:2], *NAMES[3:9]])
    found, unknown = find_overtaking(pd.Series({"base_rank": 3, "tuned_rank": 2}), near)
    assert found == {"Overtaken by the correct answer": ["w1", "w2"], "Overtook the correct answer": ["w3"]}
    assert unknown == ""


def test_beyond_the_ten_nearest_nothing_is_claimed() -> None:
    """After training the right answer is at 15: whether the two that stood ahead of it still do is not known."""
    near = neighbours(["w1", "w2", "right", *NAMES[2:9]], NAMES[1:11])
    found, unknown = find_overtaking(pd.Series({"base_rank": 3, "tuned_rank": 15}), near)
    assert found == {"Overtook the correct answer": NAMES[2:11]}
    assert unknown == "Only the ten nearest are stored: 4 more rank above the correct answer (tuned)."


def test_at_rank_eleven_all_that_are_ahead_are_known() -> None:
    near = neighbours(["w11", "right", *NAMES[:8]], NAMES[:10])
    found, unknown = find_overtaking(pd.Series({"base_rank": 2, "tuned_rank": 11}), near)
    assert found["Overtaken by the correct answer"] == ["w11"]
    assert unknown == ""


def test_other_right_answers_are_no_rivals() -> None:
    """This pair's target is the second right one: the wrong ones before it are those that its rank counts."""
    near = neighbours(["right a", "w1", "right b", *NAMES[1:8]], ["right a", "right b", *NAMES[:8]])
    found, _ = find_overtaking(pd.Series({"base_rank": 2, "tuned_rank": 1}), near)
    assert found == {"Overtaken by the correct answer": ["w1"]}


def test_a_target_that_is_not_right_is_crossed_not_ticked() -> None:
    near = neighbours(["w1", "right"], ["w1", "right"]).assign(own=[True, False] * 2)
    assert neighbour_table(near, "base")["correct"].tolist() == ["✗", "✓"]
