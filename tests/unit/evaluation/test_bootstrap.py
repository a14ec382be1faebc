"""Cases with known answers: no difference, a planted one, dependence within groups, too few examples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lib.evaluation.bootstrap import compare_means
from lib.evaluation.difference import Difference


def compare(base: np.ndarray, tuned: np.ndarray, groups: np.ndarray, *, span: float = np.inf) -> Difference:
    return compare_means({"": base}, {"": tuned}, groups, span=span)[""]


def simulate(base: np.ndarray, tuned: np.ndarray, groups: np.ndarray, *, span: float = np.inf) -> list[Difference]:
    """Compare many simulations, (simulations, examples), on the same resamples.

    Each is a metric of its own.
    """
    names = [str(number) for number in range(len(base))]
    pairs = (dict(zip(names, values, strict=True)) for values in (base, tuned))
    return list(compare_means(*pairs, groups, span=span).values())


def share(found: list[Difference], holds: Callable[[Difference], bool]) -> float:
    return float(np.mean([holds(one) for one in found]))


def holds_zero(found: Difference) -> bool:
    return found.low <= 0 <= found.high


def test_between_two_noisy_models_without_a_true_difference_the_interval_holds_zero() -> None:
    """Simulate 1,000 times: 95% nominal, so 93 to 97% observed; about 5% may claim a change, not more."""
    generator = np.random.default_rng(11)
    skill = generator.uniform(0.2, 0.9, size=(1_000, 150))
    base, tuned = ((generator.random((1_000, 150)) < skill).astype(float) for _ in range(2))
    found = simulate(base, tuned, np.arange(150))
    assert 0.93 <= share(found, holds_zero) <= 0.97
    assert share(found, lambda one: one.verdict != "no clear change") <= 0.07


def test_examples_that_belong_together_count_as_one() -> None:
    """Move each group's examples alike.

    An interval that took them for independent would miss zero far too often.
    """
    generator = np.random.default_rng(5)
    change = np.repeat(generator.normal(size=(1_000, 40)), 8, axis=1) + generator.normal(scale=0.3, size=(1_000, 320))
    nothing = np.zeros_like(change)
    assert 0.92 <= share(simulate(nothing, change, np.repeat(np.arange(40), 8)), holds_zero) <= 0.98
    assert share(simulate(nothing, change, np.arange(320)), holds_zero) < 0.7


def test_a_planted_gain_is_found_at_the_stated_power() -> None:
    """A true difference of the stated detectable size is found about four times in five."""
    generator = np.random.default_rng(3)
    base = generator.normal(size=(1_000, 120))
    found = simulate(base, base + generator.normal(0.256, 1.0, size=(1_000, 120)), np.arange(120))
    assert np.mean([one.detectable for one in found]) == pytest.approx(0.256, rel=0.05)
    assert 0.75 <= share(found, lambda one: one.verdict == "better") <= 0.85


SPARSE = [
    (100, 0.02, 0.02),
    (100, 0.03, 0.0),
    (100, 0.05, 0.01),
    (300, 0.01, 0.005),
    (30, 0.07, 0.07),
    (30, 0.3, 0.0),
    (12, 0.2, 0.1),
    (9, 0.2, 0.2),
    (9, 0.4, 0.1),
    (6, 0.3, 0.3),
]
"""Examples, and the chances that one changes for better and for worse."""


@pytest.mark.parametrize(("examples", "up", "down"), SPARSE)
def test_where_few_examples_change_or_few_are_there_the_interval_still_holds_the_truth(
    examples: int, up: float, down: float
) -> None:
    """Simulate 1,000 times each; such intervals may be wide, not narrow.

    They never make the verdict contradict the test.
    """
    random = np.random.default_rng(17).random((1_000, examples))
    change = (random < up).astype(float) - (random > 1 - down)
    found = simulate(np.zeros_like(change), change, np.arange(examples), span=1.0)
    assert share(found, lambda one: one.low <= up - down <= one.high) >= 0.93
    assert all(-1 <= one.low <= one.difference <= one.high <= 1 for one in found)
    assert all(one.p_value <= 0.05 for one in found if not holds_zero(one))  # never against the test
    if up == down:
        assert share(found, lambda one: one.verdict != "no clear change") <= 0.02


def test_changes_of_very_different_sizes_keep_their_interval() -> None:
    """Reciprocal ranks: most do not change, some a little, few a lot; for better more than for worse."""
    generator = np.random.default_rng(23)
    before, after = (1 / generator.integers(1, most, size=(1_000, 100)) for most in (30, 8))
    change = np.where(generator.random((1_000, 100)) < 0.1, after - before, 0.0)
    truth = 0.1 * (np.mean(1 / np.arange(1, 8)) - np.mean(1 / np.arange(1, 30)))
    found = simulate(np.zeros_like(change), change, np.arange(100), span=1.0)
    assert share(found, lambda one: one.low <= truth <= one.high) >= 0.91


def test_three_of_a_hundred_are_no_large_gain() -> None:
    tuned = np.zeros(100)
    tuned[:3] = 1
    found = compare(np.zeros(100), tuned, np.arange(100), span=1.0)
    assert found.verdict == "no clear change"
    assert found.low < 0
    assert found.high < 0.1


def test_numbers_that_are_all_the_same_are_no_certainty() -> None:
    """None of 50 changed: of all others up to about 6% may (3 / 50, the rule of three)."""
    values = np.random.default_rng(0).random(50)
    found = compare(values, values, np.arange(50), span=1.0)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert found.verdict == "no clear change"
    assert -0.07 < found.low < -0.04
    assert 0.04 < found.high < 0.07
    assert found.detectable > 0.05
    assert compare(values, values, np.arange(50)).high == np.inf


def test_five_groups_are_too_few_to_say_anything() -> None:
    groups = np.repeat(np.arange(5), 20)
    for found in (compare(np.zeros(100), np.ones(100), groups), compare(np.zeros(20), np.ones(20), np.zeros(20, int))):
        assert found.verdict == "no clear change"
        assert (found.low, found.high, found.detectable) == (-np.inf, np.inf, np.inf)
        assert found.difference == 1.0


def test_six_groups_that_all_gained_are_a_gain() -> None:
    found = compare(np.zeros(12), np.ones(12), np.repeat(np.arange(6), 2), span=1.0)
    assert found.verdict == "better"
    assert found.high == 1.0


def test_several_measures_at_once_give_what_each_gives_alone() -> None:
    generator, groups = np.random.default_rng(1), np.repeat(np.arange(30), 2)
    base = {name: generator.random(60) for name in "ab"}
    tuned = {name: values + generator.normal(0.1, 0.3, 60) for name, values in base.items()}
    together = compare_means(base, tuned, groups)
    alone = compare(base["b"], tuned["b"], groups)
    assert together["b"].low == pytest.approx(alone.low)
    assert together["b"].p_value == alone.p_value
    assert together["a"].low != pytest.approx(alone.low)
