"""What the ten nearest neighbours of a pair allow to say of who overtook whom."""

from __future__ import annotations

import pandas as pd

from lib.ui.explore.pairs.detail import find_overtaking, neighbour_table


def neighbours(base: list[str], tuned: list[str]) -> pd.DataFrame:
    """Build ten nearest each; a text that begins with "right" is right."""
    rows = [
        {"moment": model, "place": rank, "text": text, "right": text.startswith("right"), "cosine": 1 - rank / 20}
        for model, texts in (("base", base), ("tuned", tuned))
        for rank, text in enumerate(texts, start=1)
    ]
    return pd.DataFrame(rows)


NAMES = [f"w{number}" for number in range(1, 12)]


def test_a_text_that_lost_its_lead_was_overtaken() -> None:
    near = neighbours(["w1", "w2", "right", *NAMES[2:9]], ["w3", "right", *NAMES[:2], *NAMES[3:9]])
    found, unknown = find_overtaking(pd.Series({"base_rank": 3, "tuned_rank": 2}), near)
    assert found == {"Overtaken by the correct answer": ["w1", "w2"], "Overtook the correct answer": ["w3"]}
    assert unknown == ""


def test_beyond_the_ten_nearest_nothing_is_claimed() -> None:
    """Put the right answer at 15: whether the two that stood ahead of it still do is not known."""
    near = neighbours(["w1", "w2", "right", *NAMES[2:9]], NAMES[1:11])
    found, unknown = find_overtaking(pd.Series({"base_rank": 3, "tuned_rank": 15}), near)
    assert found == {"Overtook the correct answer": NAMES[2:11]}
    assert unknown == "Only the ten nearest are stored: 4 more rank above the correct answer (tuned)."


def test_at_rank_eleven_all_higher_texts_are_known() -> None:
    near = neighbours(["w11", "right", *NAMES[:8]], NAMES[:10])
    found, unknown = find_overtaking(pd.Series({"base_rank": 2, "tuned_rank": 11}), near)
    assert found["Overtaken by the correct answer"] == ["w11"]
    assert unknown == ""


def test_other_right_answers_are_no_rivals() -> None:
    """This pair's target is the second right one: the wrong ones before it are those that its rank counts."""
    near = neighbours(["right a", "w1", "right b", *NAMES[1:8]], ["right a", "right b", *NAMES[:8]])
    found, _ = find_overtaking(pd.Series({"base_rank": 2, "tuned_rank": 1}), near)
    assert found == {"Overtaken by the correct answer": ["w1"]}


def test_a_wrong_target_is_crossed_not_ticked() -> None:
    near = neighbours(["w1", "right"], ["w1", "right"]).assign(own=[True, False] * 2)
    assert neighbour_table(near, "base")["correct"].tolist() == ["✗", "✓"]
