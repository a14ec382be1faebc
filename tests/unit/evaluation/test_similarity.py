"""Thresholds: chosen where nothing is measured, reported where it is, none where all is alike."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from lib.evaluation.agreement import best_f1
from lib.evaluation.similarity import (
    LabelledCosines,
    best_threshold,
    choose_threshold,
    cross_validate_threshold,
    threshold_quality,
)


def kinds(
    generator: np.random.Generator, right: int, wrong: int, *, gap: float = 0.3, balanced: bool = False
) -> LabelledCosines:
    return LabelledCosines(
        generator.normal(0.3 + gap, 0.15, right),
        generator.normal(0.3, 0.15, wrong),
        np.arange(right),
        np.arange(wrong) % max(1, right),
        balanced,
    )


def test_the_best_threshold_reaches_the_best_f1_as_scikit_learn_counts_it() -> None:
    found = kinds(np.random.default_rng(0), 80, 120)
    same = np.append(np.ones(80), np.zeros(120))
    cosines = np.append(found.matches, found.others)
    cosine = best_threshold(found)
    quality = threshold_quality(found, cosine)
    assert quality.f1 == pytest.approx(best_f1(same == 1, cosines))
    assert quality.f1 == pytest.approx(f1_score(same, cosines >= cosine))


def test_drawn_pairs_weigh_as_much_as_right_ones_however_many_they_are() -> None:
    generator = np.random.default_rng(1)
    few, many = (kinds(generator, 300, number, balanced=True) for number in (300, 20_000))
    assert best_threshold(few) == pytest.approx(best_threshold(many), abs=0.04)
    assert threshold_quality(many, best_threshold(many)).precision == pytest.approx(0.8, abs=0.06)


def test_a_threshold_is_chosen_on_validation_and_reported_on_the_judged_pairs() -> None:
    generator = np.random.default_rng(2)
    sample, measured = (kinds(generator, 60, 60) for _ in range(2))
    found = choose_threshold(measured, sample)
    assert found is not None
    assert found.chosen_on == "validation"
    assert found.cosine == best_threshold(sample)
    assert (
        found.f1
        == threshold_quality(measured, best_threshold(sample)).f1
        <= threshold_quality(measured, best_threshold(measured)).f1
    )


def test_without_validation_what_is_reported_is_not_what_chose() -> None:
    """Take pairs without any signal: choosing and reporting on the same ones looks better than it is."""
    generator = np.random.default_rng(3)
    unbiased, optimistic = [], []
    for _ in range(60):
        measured = kinds(generator, 15, 15, gap=0.0)
        unbiased.append(choose_threshold(measured, None).precision)  # type: ignore[union-attr]
        optimistic.append(threshold_quality(measured, best_threshold(measured)).precision)
    assert np.nanmean(unbiased) == pytest.approx(0.5, abs=0.03)
    assert np.nanmean(optimistic) > np.nanmean(unbiased) + 0.02


def test_groups_stay_whole_when_halved() -> None:
    """Copy right pairs within a group: a threshold never sees the copy that it is measured on."""
    generator = np.random.default_rng(4)
    one = kinds(generator, 20, 20, gap=0.0)
    copies = LabelledCosines(
        *(np.repeat(values, 5) for values in (one.matches, one.others, one.match_groups, one.other_groups)), False
    )
    assert cross_validate_threshold(copies) == cross_validate_threshold(one)


@pytest.mark.parametrize(("right", "wrong"), [(0, 50), (50, 0), (9, 50)])
def test_with_too_few_of_a_kind_there_is_none(right: int, wrong: int) -> None:
    assert choose_threshold(kinds(np.random.default_rng(5), right, wrong), None) is None
