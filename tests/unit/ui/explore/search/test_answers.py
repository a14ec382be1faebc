"""Stored rankings, the texts that answer a question, and the columns that the browser draws."""

from __future__ import annotations

import pandas as pd
import pytest

from lib.evaluation.stored_answers import stored_ranking
from lib.models.inference.answers import NearestText, Ranking
from lib.ui.explore.search.answers import known_answers
from lib.ui.explore.search.rank_changes import column_data, summarise

PAIR = pd.Series({"positive": "mine", "tuned_rank": 37, "tuned_cosine": 0.25, "base_rank": float("nan")})


def neighbours(*right: bool) -> pd.DataFrame:
    """List the nearest texts of both models, right or not, in reverse order."""
    rows = [
        (model, place, f"text {place}", 1 / place, is_right)
        for model in ("base", "tuned")
        for place, is_right in enumerate(right, start=1)
    ]
    return pd.DataFrame(rows[::-1], columns=["moment", "place", "text", "cosine", "right"])


def test_a_stored_ranking_names_the_first_right_text() -> None:
    found = stored_ranking(PAIR, neighbours(False, True, True), "tuned", texts=90)
    assert [one.text for one in found.best] == ["text 1", "text 2", "text 3"]
    assert (found.right_rank, found.right.text, found.texts) == (2, "text 2", 90)


def test_a_right_text_beyond_the_stored_ones_is_the_pairs_own() -> None:
    found = stored_ranking(PAIR, neighbours(False, False), "tuned", texts=90)
    assert (found.right_rank, found.right) == (37, NearestText("mine", 0.25, is_right=True))
    assert stored_ranking(PAIR, neighbours(False, False), "base", texts=90).right is None


@pytest.mark.parametrize(("extra", "count"), [({}, 2), ({"label": "1"}, 0), ({"score": 0.5}, 0)])
def test_answers_are_known_where_pairs_say_that_two_texts_match(extra: dict[str, object], count: int) -> None:
    frame = pd.DataFrame({"anchor": ["a", "a", "b", "a"], "positive": ["x", "y", "z", "x"]}).assign(**extra)
    assert known_answers(frame, "a") == ["x", "y"][:count]


def test_columns_hold_the_rank_in_the_column_before() -> None:
    before = Ranking((NearestText("x", 0.9), NearestText("y", 0.8)), NearestText("z", 0.1, is_right=True), 14, 90)
    after = Ranking((NearestText("z", 0.9, is_right=True), NearestText("x", 0.8), NearestText("new", 0.7)), None, 1, 90)
    first, second = column_data({"Base": before, "Tuned": after})
    assert [(row["rank"], row["text"]) for row in first["rows"]] == [(1, "x"), (2, "y"), (14, "z")]
    assert [row["right"] for row in first["rows"]] == [False, False, True]
    assert "before" not in first["rows"][0]
    assert [row["before"] for row in second["rows"]] == [14, 1, None]


def test_the_summary_says_where_the_right_answer_stands() -> None:
    right = NearestText("z", 0.1, is_right=True)
    assert summarise(Ranking((), right, 1_234, 9_999)).endswith("1,234")
    assert "first" in summarise(Ranking((right,), right, 1, 9))
    assert summarise(Ranking((right,), None, None, 9)) == ""


def test_a_very_long_text_is_cut_and_keeps_its_own_key() -> None:
    long = "word " * 1_000
    (column,) = column_data({"Base": Ranking((NearestText(long, 0.5),), None, None, 1)})
    assert column["rows"][0]["key"] == long
    assert len(column["rows"][0]["text"]) < 1_000
