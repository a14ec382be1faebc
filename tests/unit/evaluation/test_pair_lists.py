"""Which pairs each table lists, and in which order."""

from __future__ import annotations

import pandas as pd

from lib.evaluation.pair_lists import list_errors, list_improvements, list_regressions
from lib.ui.explore.pairs.columns import COLUMN_TITLES, pair_column_config


def pairs() -> pd.DataFrame:
    """Build ranked pairs: two that got worse by the same rank, two that improved, one that stayed."""
    return pd.DataFrame(
        {
            "pair": [0, 1, 2, 3, 4],
            "gain": [-0.5, -0.5, 0.5, 0.9, 0.0],
            "change": ["worse", "worse", "better", "better", "same"],
            "base_rank": [1, 1, 2, 10, 3],
            "tuned_rank": [2, 2, 1, 1, 3],
            "base_margin": [0.1, 0.1, -0.1, -0.4, -0.1],
            "tuned_margin": [-0.1, -0.3, 0.1, 0.2, -0.1],
        }
    )


def test_the_worst_is_listed_first_and_the_margin_decides_between_equals() -> None:
    assert list_regressions(pairs())["pair"].tolist() == [1, 0]
    assert list_improvements(pairs())["pair"].tolist() == [3, 2]


def test_errors_are_the_pairs_whose_target_is_not_first() -> None:
    assert list_errors(pairs())["pair"].tolist() == [4, 1, 0]


def test_stored_errors_win_over_ranks() -> None:
    stored = pairs().drop(columns=["tuned_rank", "tuned_margin"]).assign(wrong=[True, False, True, False, False])
    assert list_errors(stored.assign(off=[0.1, 0.0, 0.3, 0.0, 0.0]))["pair"].tolist() == [2, 0]


def test_every_number_of_a_pair_has_a_title_and_help() -> None:
    numbers = [name for name in COLUMN_TITLES if name.startswith(("base_", "tuned_"))]
    config = pair_column_config(numbers)
    assert set(config) == {COLUMN_TITLES[name] for name in numbers}
    assert all(column["help"] for column in config.values())  # type: ignore[index]
