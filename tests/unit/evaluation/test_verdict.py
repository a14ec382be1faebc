"""The verdict's sentence and its numbers: clear, small, missing and unmeasurable changes."""

from __future__ import annotations

import numpy as np

from lib.evaluation.difference import Difference
from lib.evaluation.result import ExampleCounts
from lib.evaluation.verdict import sentence
from lib.shapes import Shape

COUNTS = ExampleCounts(better=96, same=285, worse=31)


def difference(
    base: float, tuned: float, low: float, high: float, *, p: float = 0.001, least: float = 0.05
) -> Difference:
    return Difference(base, tuned, low, high, p, least)


def verdict_sentence(found: Difference, *, metric: str = "accuracy@1", groups: int = 400, **rest: object) -> str:
    facts = {"shape": Shape.PAIRS, "examples": 412, "counts": COUNTS, "groups": groups} | rest
    return sentence(metric=metric, change=found, **facts)  # type: ignore[arg-type]


def test_a_clear_gain_has_its_interval_and_counts() -> None:
    text = verdict_sentence(difference(0.47, 0.61, 0.10, 0.18))
    assert text.startswith("Top-1 accuracy on 412 held-out pairs: 47% → 61% (+14 points, 95% CI +10 to +18); ")
    assert "96 pairs better, 31 worse, 285 unchanged." in text


def test_no_clear_change_says_what_could_have_been_detected() -> None:
    detectable = "changes below about 6 points can't be detected"
    assert detectable in verdict_sentence(difference(0.47, 0.48, -0.03, 0.05, p=0.6, least=0.06))
    assert "detected" not in verdict_sentence(difference(0.47, 0.61, 0.10, 0.18))


def test_a_small_clear_gain_is_not_rounded_away() -> None:
    text = verdict_sentence(difference(0.902, 0.904, 0.0008, 0.0032, least=0.002))
    assert "90.2% → 90.4% (+0.2 points, 95% CI +0.1 to +0.3)" in text


def test_fewer_than_six_groups_have_no_interval_and_draw_no_conclusion() -> None:
    few = Difference(0.2, 0.6, -np.inf, np.inf, 1.0, np.inf)
    text = verdict_sentence(few, groups=3)
    assert "(+40 points, no interval)" in text
    assert "detected" not in text
    assert "Only 3 independent groups: too few" in text
    assert "Only 1 independent group: too few" in verdict_sentence(few, groups=1)
    assert "Only 12 independent groups: the interval is approximate" in verdict_sentence(
        difference(0.2, 0.6, 0.1, 0.7), groups=12
    )
    assert "independent" not in verdict_sentence(difference(0.2, 0.6, 0.1, 0.7), groups=20)


def test_queries_with_several_targets_are_counted_beside_the_pairs() -> None:
    assert " on 200 held-out queries (412 pairs): " in verdict_sentence(difference(0.5, 0.6, 0.05, 0.15), texts=200)
    assert " on 412 held-out pairs: " in verdict_sentence(difference(0.5, 0.6, 0.05, 0.15), texts=412)


def test_what_cannot_be_measured_is_a_sentence_of_its_own() -> None:
    unknown = Difference(np.nan, np.nan, -np.inf, np.inf, 1.0, np.inf)
    text = verdict_sentence(unknown, metric="spearman", shape=Shape.SCORED, unmeasured="all scores are equal")
    assert text == "Spearman on 412 held-out pairs can't be measured: all scores are equal."
    assert unknown.verdict == "no clear change"
