"""Two runs on the same pairs: a planted gain is found, none is called none, unlike tables refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.evaluation.compare_runs import RECIPROCAL, TOP_1_ACCURACY, compare_tuned_models


def ranks(values: np.ndarray, start: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"pair": np.arange(start, start + len(values)), "tuned_rank": values})


def alone(count: int) -> pd.Series:
    return pd.Series(np.arange(count))


def test_a_planted_gain_is_found_and_its_sign_is_the_second_runs() -> None:
    generator = np.random.default_rng(0)
    one = generator.integers(1, 4, 200)
    other = np.where(generator.random(200) < 0.4, 1, one)
    found = compare_tuned_models(ranks(one), ranks(other), alone(200))
    assert found[TOP_1_ACCURACY].verdict == found[RECIPROCAL].verdict == "better"
    assert found[TOP_1_ACCURACY].difference == (other == 1).mean() - (one == 1).mean()
    assert compare_tuned_models(ranks(other), ranks(one), alone(200))[TOP_1_ACCURACY].verdict == "worse"


def test_two_runs_without_a_true_difference_show_no_clear_one() -> None:
    clear = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        one, other = generator.integers(1, 5, (2, 100))
        clear += compare_tuned_models(ranks(one), ranks(other), alone(100))[TOP_1_ACCURACY].verdict != "no clear change"
    assert clear <= 5


def test_only_the_pairs_that_both_were_evaluated_on_count() -> None:
    one, other = ranks(np.ones(60)), ranks(np.ones(60), start=30)
    assert compare_tuned_models(one, other, alone(90))[TOP_1_ACCURACY].base == 1.0
    assert compare_tuned_models(one, ranks(np.ones(5), start=500), alone(600)) == {}


def test_shapes_without_ranks_are_left_out() -> None:
    assert compare_tuned_models(pd.DataFrame({"pair": [1], "tuned_cosine": [0.5]}), ranks(np.ones(3)), alone(3)) == {}
