"""The value that colours a line: margin, cosine, or cosine signed by score and label."""

from __future__ import annotations

import pandas as pd
import pytest

from lib.charts.map.lines import add_evaluation


def lines() -> pd.DataFrame:
    """Build three lines of a map: one closer, one apart, one the same."""
    return pd.DataFrame(
        {
            "pair": [4, 5, 6],
            "part": ["held_out", "held_out", "train"],
            "source": [0, 1, 2],
            "target": [3, 4, 5],
            "base_cosine": [0.2, 0.8, 0.5],
            "tuned_cosine": [0.6, 0.3, 0.5],
            "change": [-1.0, 1.0, 0.0],
            "noise": 0.1,
            "faded": False,
        }
    )


def test_margins_colour_the_lines_where_all_held_out_ones_have_one() -> None:
    pairs = pd.DataFrame({"pair": [4, 5], "change": ["same", "worse"], "base_margin": 0.1, "tuned_margin": [0.3, -0.1]})
    found, measure = add_evaluation(lines(), pd.DataFrame(index=range(9)), pairs)
    assert measure == "margin"
    assert found["value"].tolist() == pytest.approx([0.2, -0.2, 0.0])
    assert found["change"].tolist() == ["same", "worse", "same"]
    assert found["length_change"].tolist() == [-1.0, 1.0, 0.0]
    assert add_evaluation(lines(), pd.DataFrame(index=range(9)), pairs.head(1))[1] == "cosine"


def test_a_pair_that_should_move_apart_is_green_when_it_does() -> None:
    pairs = pd.DataFrame({"pair": [4, 5, 6], "change": ["worse", "better", "same"]})
    found, measure = add_evaluation(lines(), pd.DataFrame(index=range(9)), pairs)
    assert measure == "label"
    assert found["value"].tolist() == pytest.approx([-0.4, 0.5, 0.0])


def test_without_an_evaluation_the_cosine_decides() -> None:
    found, measure = add_evaluation(lines(), pd.DataFrame(index=range(9)), pd.DataFrame({"pair": []}))
    assert measure == "cosine"
    assert found["change"].tolist() == ["better", "worse", "same"]
