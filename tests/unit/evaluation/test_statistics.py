"""Cases with known answers: no difference, a planted one, dependence within groups, too little to say anything."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lib.evaluation.curves import correlation
from lib.evaluation.statistics import Difference, compare, compare_all, statistic_interval


def simulated(base: np.ndarray, tuned: np.ndarray, groups: np.ndarray) -> list[Difference]:
    """Compare many simulations, (simulations, examples), on the same resamples: each is a measure of its own."""
    names = [str(number) for number in range(len(base))]
    pairs = (dict(zip(names, values, strict=True)) for values in (base, tuned))
    return list(compare_all(*pairs, groups).values())


def share(found: list[Difference], holds: Callable[[Difference], bool]) -> float:
    return float(np.mean([holds(one) for one in found]))


def holds_zero(found: Difference) -> bool:
    return found.low <= 0 <= found.high


def test_between_two_noisy_models_without_a_true_difference_the_interval_holds_zero() -> None:
    """1,000 simulations: 95% nominal, so 93 to 97% observed; about 5% of the verdicts may claim a change, not more."""
    generator = np.random.default_rng(11)
    skill = generator.uniform(0.2, 0.9, size=(1_000, 150))
    base, tuned = ((generator.random((1_000, 150)) < skill).astype(float) for _ in range(2))
    found = simulated(base, tuned, np.arange(150))
    assert 0.93 <= share(found, holds_zero) <= 0.97
    assert share(found, lambda one: one.verdict != "no clear change") <= 0.07


def test_examples_that_belong_together_count_as_one() -> None:
    """Each group's examples move alike: an interval that took them for independent misses zero far too often."""
    generator = np.random.default_rng(5)
    change = np.repeat(generator.normal(size=(1_000, 40)), 8, axis=1) + generator.normal(scale=0.3, size=(1_000, 320))
    nothing = np.zeros_like(change)
    assert 0.92 <= share(simulated(nothing, change, np.repeat(np.arange(40), 8)), holds_zero) <= 0.98
    assert share(simulated(nothing, change, np.arange(320)), holds_zero) < 0.7


def test_a_planted_gain_is_found_at_the_stated_power() -> None:
    """A true difference of the stated detectable size is found about four times in five."""
    generator = np.random.default_rng(3)
    base = generator.normal(size=(1_000, 120))
    found = simulated(base, base + generator.normal(0.256, 1.0, size=(1_000, 120)), np.arange(120))
    assert np.mean([one.detectable for one in found]) == pytest.approx(0.256, rel=0.05)
    assert 0.75 <= share(found, lambda one: one.verdict == "better") <= 0.85


def test_the_same_numbers_are_no_change() -> None:
    values = np.random.default_rng(0).random(50)
    found = compare(values, values, np.arange(50))
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert found.verdict == "no clear change"


def test_five_groups_are_too_few_to_call_anything_clear() -> None:
    groups = np.repeat(np.arange(5), 20)
    assert compare(np.zeros(100), np.ones(100), groups).verdict == "no clear change"
    assert compare(np.zeros(20), np.ones(20), np.zeros(20, dtype=int)).high == np.inf


def test_several_measures_at_once_give_what_each_gives_alone() -> None:
    generator, groups = np.random.default_rng(1), np.repeat(np.arange(30), 2)
    base = {name: generator.random(60) for name in "ab"}
    tuned = {name: values + generator.normal(0.1, 0.3, 60) for name, values in base.items()}
    together = compare_all(base, tuned, groups)
    alone = compare(base["b"], tuned["b"], groups)
    assert together["b"].low == pytest.approx(alone.low)
    assert together["b"].p_value == alone.p_value
    assert together["a"].low != pytest.approx(alone.low)


def test_a_fall_of_the_median_rank_is_better() -> None:
    base = np.random.default_rng(0).integers(20, 40, size=80)
    found = statistic_interval(
        base, base // 4, np.arange(80), lambda values, rows: float(np.median(values[rows])), lower_is_better=True
    )
    assert found.high < 0
    assert found.verdict == "better"


def test_the_percentile_interval_of_a_correlation_holds_zero_where_nothing_changed() -> None:
    generator, held = np.random.default_rng(2), 0
    for _ in range(150):
        truth = generator.normal(size=100)
        base, tuned = (truth + generator.normal(size=100) for _ in range(2))
        found = statistic_interval(
            base, tuned, np.arange(100), lambda v, rows, truth=truth: correlation(v[rows], truth[rows]), resamples=200
        )
        held += found.low <= 0 <= found.high
    assert held / 150 >= 0.89
