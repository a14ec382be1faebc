"""The verdict's sentence and the numbers in it: what is said of clear, small, missing and unmeasurable changes."""

from __future__ import annotations

import numpy as np
import pytest

from lib.data.shapes import Shape
from lib.evaluation.bootstrap import Difference
from lib.evaluation.verdict import points, sentence, signed, size, written

COUNTS = {"better": 96, "worse": 31, "same": 285}


def difference(
    base: float, tuned: float, low: float, high: float, *, p: float = 0.001, least: float = 0.05
) -> Difference:
    return Difference(base, tuned, low, high, p, least)


def said(found: Difference, *, metric: str = "accuracy@1", groups: int = 400, **rest: object) -> str:
    told = {"shape": Shape.PAIRS, "examples": 412, "counts": COUNTS, "groups": groups} | rest
    return sentence(metric=metric, found=found, **told)  # type: ignore[arg-type]


def test_a_clear_gain_is_told_with_interval_and_counts() -> None:
    assert said(difference(0.47, 0.61, 0.10, 0.18)) == (
        "On 412 held-out pairs the right answer now comes first for 61%, before 47% (+14 points, 95% interval +10 to +18); "
        "96 pairs better, 31 worse, 285 the same."
    )


def test_no_clear_change_says_what_could_have_been_seen() -> None:
    text = said(difference(0.47, 0.48, -0.03, 0.05, p=0.6, least=0.06))
    assert text.endswith("This many could show a change of about 6 points or more.")


def test_a_small_clear_gain_is_not_rounded_away() -> None:
    text = said(difference(0.902, 0.904, 0.0008, 0.0032, least=0.002))
    assert "90.4%, before 90.2% (+0.2 points, 95% interval +0.1 to +0.3)" in text


def test_fewer_than_six_groups_have_no_interval_and_cannot_tell() -> None:
    few = Difference(0.2, 0.6, -np.inf, np.inf, 1.0, np.inf)
    text = said(few, groups=3)
    assert "(+40 points, no interval)" in text
    assert "could show" not in text
    assert text.endswith("They fall into only 3 independent groups: so few cannot tell.")
    assert said(few, groups=1).endswith("only 1 independent group: so few cannot tell.")
    assert said(difference(0.2, 0.6, 0.1, 0.7), groups=12).endswith(
        "12 independent groups: read the interval as rough."
    )


def test_texts_with_several_targets_are_counted_beside_the_pairs() -> None:
    assert said(difference(0.5, 0.6, 0.05, 0.15), texts=200).startswith("On 200 held-out texts (412 pairs) the right")
    assert said(difference(0.5, 0.6, 0.05, 0.15), texts=412).startswith("On 412 held-out pairs the right")


def test_what_cannot_be_measured_is_a_sentence_of_its_own() -> None:
    unknown = Difference(np.nan, np.nan, -np.inf, np.inf, 1.0, np.inf)
    text = said(unknown, metric="spearman", shape=Shape.SCORED, unmeasured="all scores are equal")
    assert text == "On 412 held-out pairs Spearman cannot be measured: all scores are equal."
    assert unknown.verdict == "no clear change"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.14, "+14"), (-0.031, "-3"), (0.002, "+0.2"), (-0.0049, "-0.5"), (0.0, "0"), (-0.0001, "0.0"), (-1e-12, "0.0")],
)
def test_points_are_whole_from_one_on_and_zero_has_no_sign(value: float, text: str) -> None:
    assert points(value) == text


def test_each_measure_is_written_in_its_own_way() -> None:
    assert written("median_rank", 1.5) == "1.5"
    assert written("median_rank", 2.0) == "2"
    assert written("median_rank", 12_345.0) == "12,345"
    assert written("mrr@10", 0.51234) == "0.512"
    assert written("recall@1", 0.5) == "50%"
    assert written("recall@1", 0.502, difference=0.004) == "50.2%"
    assert signed("median_rank", -0.5) == "-0.5"
    assert signed("median_rank", -0.0) == "0"
    assert signed("mrr@10", -0.0001) == "0.000"
    assert size("recall@1", 0.004) == "0.4 points"
    assert size("median_rank", 1.0) == "1 rank"
