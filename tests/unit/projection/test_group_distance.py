"""The distance of two groups of texts, against what was planted and against plain loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lib.projection.group_distance import (
    UnitSums,
    direction_of,
    mean_cosines,
    measure_distance,
    text_units,
    typical_texts,
)
from tests.unit.projection.planted import unit


def two_topics(*, apart: float, seed: int = 0, size: int = 30) -> np.ndarray:
    """Build unit vectors (2 * size, d) of two topics whose centres are so far apart."""
    draw = np.random.default_rng(seed)
    centre = np.zeros((2, 16))
    centre[:, 0], centre[0, 1], centre[1, 1] = 1.0, apart, -apart
    return unit(np.repeat(centre, size, axis=0) + 0.3 * draw.normal(size=(2 * size, 16)))


A, B = np.arange(30), np.arange(30, 60)
ALONE = np.arange(60)


def test_mean_cosines_are_those_of_plain_loops() -> None:
    base, tuned = two_topics(apart=0.3), two_topics(apart=0.9)
    found = measure_distance((base, tuned), (A, B), ALONE)
    cosine = base @ base.T
    of_two = ~np.eye(30, dtype=bool)
    assert found.between.base == pytest.approx(cosine[:30, 30:].mean(), abs=1e-6)
    assert found.within[0].base == pytest.approx(cosine[:30, :30][of_two].mean(), abs=1e-6)
    assert found.within[1].base == pytest.approx(cosine[30:, 30:][of_two].mean(), abs=1e-6)
    assert found.all_texts.base == pytest.approx(cosine[~np.eye(60, dtype=bool)].mean(), abs=1e-6)
    within = (found.within[0].tuned + found.within[1].tuned) / 2
    assert found.separation.tuned == pytest.approx(within - found.between.tuned, abs=1e-6)
    assert (found.sizes, found.units) == ((30, 30), (30, 30))


def test_a_resample_is_the_mean_over_its_texts_without_a_text_and_its_copy() -> None:
    vectors, units = two_topics(apart=0.5), np.repeat(np.arange(30), 2)
    weights = np.random.default_rng(1).multinomial(30, np.ones(30) / 30).astype(np.float32)
    rows = [(text, copy) for text in range(60) for copy in range(int(weights[units[text]]))]

    def mean(some: np.ndarray, others: np.ndarray, *, distinct: bool) -> float:
        values = [
            vectors[one] @ vectors[two]
            for one, first in rows
            for two, second in rows
            if one in some
            and two in others
            and (units[one] != units[two] or first == second)
            and not (distinct and one == two)
        ]
        return float(np.mean(values))

    sums = [UnitSums.of(vectors[ids], units[ids], units=30) for ids in (A, B)]
    between, first, second, separation = mean_cosines(weights[None], *sums)[0]
    assert between == pytest.approx(mean(A, B, distinct=False), abs=1e-5)
    assert first == pytest.approx(mean(A, A, distinct=True), abs=1e-5)
    assert second == pytest.approx(mean(B, B, distinct=True), abs=1e-5)
    assert separation == pytest.approx((first + second) / 2 - between, abs=1e-6)


def test_planted_groups_move_apart_and_back() -> None:
    near, far = two_topics(apart=0.3), two_topics(apart=0.9)
    apart, closer = (measure_distance(pair, (A, B), ALONE) for pair in ((near, far), (far, near)))
    assert (apart.direction, closer.direction) == ("apart", "closer")
    assert direction_of(apart.separation) == "closer", "they are easier to tell apart"
    assert apart.between.low < apart.between.difference < apart.between.high < 0


def test_noise_alone_moves_no_group() -> None:
    found = measure_distance((two_topics(apart=0.5), two_topics(apart=0.5, seed=1)), (A, B), ALONE)
    assert found.direction == "no clear change"
    assert found.between.low < 0 < found.between.high


def test_an_identical_model_changes_nothing() -> None:
    same = two_topics(apart=0.5)
    found = measure_distance((same, same), (A, B), ALONE)
    assert (found.between.difference, found.between.low, found.between.high) == (0, 0, 0)
    assert found.direction == "no clear change"


def test_texts_that_belong_together_count_as_one() -> None:
    """Thirty copies of the same six texts are no more certain than the six."""
    few = [np.concatenate([one[:6], one[30:36]]) for one in (two_topics(apart=0.3), two_topics(apart=0.4, seed=2))]
    six = measure_distance((few[0], few[1]), (np.arange(6), np.arange(6, 12)), np.arange(12))
    many = [np.repeat(one, 5, axis=0) for one in few]
    copies = measure_distance((many[0], many[1]), (np.arange(30), np.arange(30, 60)), np.repeat(np.arange(12), 5))
    assert copies.units == (6, 6)
    assert copies.between.high - copies.between.low == pytest.approx(six.between.high - six.between.low, rel=0.05)


def test_few_independent_texts_have_no_interval_and_one_no_cosine_within() -> None:
    pair = two_topics(apart=0.3), two_topics(apart=0.9)
    few = measure_distance(pair, (A[:5], B), ALONE)
    assert not few.between.has_interval
    assert few.direction == "no clear change"
    joined = measure_distance(pair, (A, B), np.zeros(60, int))
    assert joined.units == (1, 1)
    assert not joined.between.has_interval
    single = measure_distance(pair, (A[:1], B), ALONE)
    assert np.isnan(single.within[0].base)
    assert np.isfinite(single.between.base)


def test_texts_joined_over_any_way_are_one_unit() -> None:
    lines = pd.DataFrame({"source": [0, 1, 4], "target": [2, 2, 5]})
    unit_of = text_units(lines, 7)
    assert unit_of[0] == unit_of[1] == unit_of[2]
    assert unit_of[4] == unit_of[5]
    assert len(set(unit_of.tolist())) == 4
    assert len(set(text_units(lines.head(0), 7).tolist())) == 7


def test_typical_texts_stand_nearest_to_the_mean() -> None:
    vectors = unit(np.array([[1, 0.1], [1, 0], [0, 1], [1, -0.1], [-1, 0]]))
    assert typical_texts(vectors, np.array([0, 1, 2, 3]), num=2).tolist() == [0, 1]
