"""The share of lines that change length as their rank, or where it stayed their cosine, changed."""

from __future__ import annotations

import pandas as pd
import pytest

from lib.charts.map.quality import line_accuracy


def lines(base: list[float], tuned: list[float], length_change: list[float]) -> pd.DataFrame:
    """Build lines with these cosines and changes of length."""
    return pd.DataFrame({"base_cosine": base, "tuned_cosine": tuned, "length_change": length_change})


def test_a_line_is_right_when_it_gets_shorter_as_its_cosine_rises() -> None:
    assert line_accuracy(lines([0.2, 0.2, 0.8, 0.8], [0.6, 0.6, 0.3, 0.3], [-1.0, 1.0, 1.0, 2.0])) == pytest.approx(
        0.75
    )


def test_lines_without_a_change_of_cosine_do_not_count() -> None:
    assert line_accuracy(lines([0.2, 0.5], [0.6, 0.5], [-1.0, 9.0])) == 1.0
    assert line_accuracy(lines([0.5], [0.5], [9.0])) is None


def test_the_rank_decides_where_it_changed() -> None:
    opposed = lines([0.2, 0.2], [0.6, 0.6], [1.0, -1.0]).assign(base_pair_rank=[3.0, 4.0], tuned_pair_rank=[9.0, 4.0])
    assert line_accuracy(opposed) == 1.0
    assert line_accuracy(opposed.drop(columns=["base_pair_rank", "tuned_pair_rank"])) == 0.5
