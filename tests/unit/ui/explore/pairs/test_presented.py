"""Which three pairs the present mode shows, and their numbers."""

from __future__ import annotations

import pandas as pd
import pytest

from lib.ui.explore.pairs.presented import choose_three, number_words


def results(*gains: float) -> pd.DataFrame:
    """Build per-pair results with these gains."""
    change = ["better" if gain > 0 else "worse" if gain < 0 else "same" for gain in gains]
    return pd.DataFrame({"pair": range(len(gains)), "gain": gains, "change": change})


@pytest.mark.parametrize(
    ("gains", "chosen"),
    [
        ((0.1, -0.2, 0.5, 0.3, -0.9), [2, 3, 4]),
        ((0.1, 0.0, 0.5, 0.3), [2, 3, 0]),
        ((0.0, 0.4, 0.0, 0.0), [1, 0, 2]),
        ((0.0, -0.4), [0, 1]),
        ((-0.1,), [0]),
    ],
)
def test_two_improved_ones_and_one_that_got_worse(gains: tuple[float, ...], chosen: list[int]) -> None:
    assert choose_three(results(*gains))["pair"].tolist() == chosen


def test_only_known_numbers_are_written() -> None:
    row = pd.Series({"base_rank": 1_200, "tuned_rank": 1, "base_cosine": float("nan"), "tuned_cosine": 0.5})
    assert number_words(row) == {"Rank": "1,200 → 1"}
    assert number_words(pd.Series({"base_neighbours": 0.5, "tuned_neighbours": 0.8})) == {
        "Same-class neighbours": "50% → 80%"
    }
