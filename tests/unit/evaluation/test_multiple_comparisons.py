"""Holm's correction: adjusted p-values by hand, and verdicts that competitors take away."""

from __future__ import annotations

import pytest

from lib.evaluation.difference import Difference
from lib.evaluation.multiple_comparisons import adjust_p_values, correct_differences


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        pytest.param([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02], id="four"),
        pytest.param([0.04], [0.04], id="one-stays"),
        pytest.param([0.02, 0.02, 0.02], [0.06, 0.06, 0.06], id="equal"),
        pytest.param([0.9, 0.6], [1.0, 1.0], id="at-most-one"),
        pytest.param([0.01, 0.02, 0.022, 0.5], [0.04, 0.06, 0.06, 0.5], id="never-falls"),
        pytest.param([], [], id="none"),
    ],
)
def test_adjusted_p_values_are_those_of_holms_table(p_values: list[float], adjusted: list[float]) -> None:
    assert adjust_p_values(p_values).tolist() == pytest.approx(adjusted)


def test_a_change_that_is_clear_alone_is_not_among_many() -> None:
    clear = Difference(0.5, 0.6, low=0.05, high=0.15, p_value=0.001)
    narrow = Difference(0.5, 0.55, low=0.001, high=0.1, p_value=0.03)
    none = Difference(0.5, 0.5, low=-0.1, high=0.1, p_value=0.8)
    assert narrow.verdict == "better"
    corrected = correct_differences([narrow, clear, none])
    assert [one.verdict for one in corrected] == ["no clear change", "better", "no clear change"]
    assert [one.p_value for one in corrected] == pytest.approx([0.06, 0.003, 0.8])
    assert correct_differences([narrow])[0].verdict == "better"
    assert (corrected[0].low, corrected[0].high) == (narrow.low, narrow.high)
