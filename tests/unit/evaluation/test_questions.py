"""Which held-out questions a search opens on: improved ones by their change, readable ones first."""

from __future__ import annotations

import pandas as pd

from lib.evaluation.questions import HeldOutQuestions, choose_questions

LONG = "why " * 60


def questions(rows: list[tuple[int, str, float, bool, bool]]) -> HeldOutQuestions:
    """Choose among (pair, question, change of the margin, base right, tuned right)."""
    pairs = pd.DataFrame(
        {
            "pair": [row[0] for row in rows],
            "anchor": [row[1] for row in rows],
            "base_margin": 0.0,
            "tuned_margin": [row[2] for row in rows],
        }
    )
    first = pd.DataFrame(
        [(row[0], model, right) for row in rows for model, right in zip(("base", "tuned"), row[3:], strict=True)],
        columns=["pair", "moment", "right"],
    )
    return choose_questions(pairs, first)


def test_the_largest_change_comes_first_and_long_questions_last() -> None:
    found = questions(
        [
            (3, "small", 0.1, False, True),
            (5, LONG, 0.9, False, True),
            (7, "large", 0.5, False, True),
            (9, "lost", -0.2, True, False),
            (11, "lost more", -0.4, True, False),
            (13, "both", 0.8, True, True),
        ]
    )
    assert found.improved == (7, 3, 5)
    assert found.regressed == (11, 9)
    assert found.opening == 7
    assert list(found.texts) == [3, 5, 7, 9, 11, 13]


def test_without_an_improved_one_the_search_opens_on_what_there_is() -> None:
    assert questions([(1, "both", 0.1, True, True), (2, "lost", -0.1, True, False)]).opening == 2
    assert questions([(1, "both", 0.1, True, True)]).opening == 1
    assert HeldOutQuestions({}, (), ()).opening is None


def test_a_question_is_found_by_its_whole_text() -> None:
    found = questions([(4, " Where is it? ", 0.1, True, True)])
    assert found.pair_of("Where is it?") == 4
    assert found.pair_of("Where is") is None
