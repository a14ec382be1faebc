"""Metrics of all examples at once: intervals hold the truth, no difference is claimed without one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lib.evaluation.agreement import average_precision, average_ranks, pearson_correlation, spearman_correlation
from lib.evaluation.bootstrap_aggregate import compare_aggregate, identity, standardize
from lib.evaluation.difference import Difference

SIMULATIONS, RESAMPLES = 100, 120


def median(values: np.ndarray, rows: np.ndarray) -> float:
    return float(np.median(values[rows]))


def models(generator: np.random.Generator, truth: np.ndarray, *, tuned_noise: float = 1.0) -> list[np.ndarray]:
    """Simulate two models of the truth: noise that both share, noise and scales of their own."""
    shared, *own = generator.normal(size=(3, len(truth)))
    base = truth + 0.7 * (shared + own[0])
    return [base, 2 * (truth + tuned_noise * 0.7 * (shared + own[1])) + 5]


def simulate(measure: str, examples: int, *, tuned_noise: float = 1.0) -> list[Difference]:
    generator, found = np.random.default_rng(2), []
    for _ in range(SIMULATIONS):
        truth = generator.normal(size=examples)
        if measure == "average precision":
            truth = (truth > 0).astype(float)
        base, tuned = models(generator, truth, tuned_noise=tuned_noise)
        statistic: Callable[[np.ndarray, np.ndarray], float] = {
            "spearman": lambda values, rows, truth=truth: spearman_correlation(values[rows], truth[rows]),
            "pearson": lambda values, rows, truth=truth: pearson_correlation(values[rows], truth[rows]),
            "average precision": lambda values, rows, truth=truth: average_precision(truth[rows] == 1, values[rows]),
            "median": median,
        }[measure]
        scale = {"pearson": standardize, "median": identity}.get(measure, average_ranks)
        if measure == "median":
            tuned = (tuned - 5) / 2
        found.append(
            compare_aggregate(base, tuned, np.arange(examples), statistic, to_common_scale=scale, resamples=RESAMPLES)
        )
    return found


def share(found: list[Difference], holds: Callable[[Difference], bool]) -> float:
    return float(np.mean([holds(one) for one in found]))


def test_ranks_are_scipys() -> None:
    from scipy.stats import rankdata

    values = np.random.default_rng(1).integers(0, 20, size=50)
    assert average_ranks(values).tolist() == rankdata(values).tolist()
    assert average_ranks(np.array([3.0])).tolist() == [1.0]


@pytest.mark.parametrize("measure", ["spearman", "pearson", "average precision", "median"])
@pytest.mark.parametrize("examples", [8, 60])
def test_where_nothing_changed_the_interval_holds_zero_and_the_test_finds_nothing(measure: str, examples: int) -> None:
    """5% nominal; with 100 simulations up to a tenth may be below it by chance."""
    finite = [one for one in simulate(measure, examples) if np.isfinite(one.low)]
    assert len(finite) >= 0.9 * SIMULATIONS
    assert share(finite, lambda one: one.low <= 0 <= one.high) >= 0.92
    assert share(finite, lambda one: one.p_value <= 0.05) <= 0.11
    assert share(finite, lambda one: one.verdict != "no clear change") <= 0.08


def test_a_planted_gain_in_correlation_is_found() -> None:
    found = simulate("spearman", 150, tuned_noise=0.5)
    assert share(found, lambda one: one.verdict == "better") >= 0.9
    assert all(one.p_value <= 0.05 for one in found if one.low > 0 or one.high < 0)


def test_a_fall_of_the_median_rank_is_better() -> None:
    base = np.random.default_rng(0).integers(20, 40, size=80)
    found = compare_aggregate(base, base // 4, np.arange(80), median, lower_is_better=True)
    assert found.high < 0
    assert found.verdict == "better"


def test_two_models_that_are_both_always_right_are_no_certainty() -> None:
    same = np.arange(20) % 2
    values = same + 0.01 * np.arange(20)
    found = compare_aggregate(
        values, values, np.arange(20), lambda v, rows: average_precision(same[rows], v[rows]), span=1.0
    )
    assert found.base == found.tuned == 1.0
    assert found.low < -0.05
    assert found.detectable > 0.1


def test_what_cannot_be_measured_and_too_few_groups_have_no_interval() -> None:
    constant = np.ones(30)
    undefined = compare_aggregate(
        np.arange(30),
        np.arange(30),
        np.arange(30),
        lambda values, rows: pearson_correlation(values[rows], constant[rows]),
    )
    assert np.isnan(undefined.base)
    assert undefined.verdict == "no clear change"
    few = compare_aggregate(np.arange(30), np.arange(30) + 1, np.arange(30) // 6, median)
    assert (few.low, few.high, few.detectable) == (-np.inf, np.inf, np.inf)


def test_groups_are_swapped_and_drawn_whole() -> None:
    """Examples that repeat eight times say no more than one of them."""
    generator = np.random.default_rng(7)
    truth = generator.normal(size=20)
    base, tuned = models(generator, truth, tuned_noise=0.3)

    def compare(repeat: int, groups: np.ndarray) -> Difference:
        repeated = np.repeat(truth, repeat)
        return compare_aggregate(
            np.repeat(base, repeat),
            np.repeat(tuned, repeat),
            groups,
            lambda values, rows: pearson_correlation(values[rows], repeated[rows]),
            to_common_scale=standardize,
        )

    together, apart = compare(8, np.repeat(np.arange(20), 8)), compare(8, np.arange(160))
    once = compare(1, np.arange(20))
    assert together.low == pytest.approx(once.low)
    assert together.p_value == once.p_value
    assert apart.high - apart.low < 0.6 * (together.high - together.low)
