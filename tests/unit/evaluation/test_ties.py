"""Equal scores are ties: no rank, win or loss from differences below float rounding."""

from __future__ import annotations

import numpy as np

from lib.evaluation.agreement import (
    average_ranks,
    count_by_threshold,
    pearson_correlation,
    spearman_correlation,
)
from lib.evaluation.bootstrap import compare_means
from lib.evaluation.bootstrap_aggregate import compare_aggregate, standardize
from lib.evaluation.compare import silhouettes
from lib.evaluation.per_pair import opposite_class_share
from lib.evaluation.retrieval import nearest_others, retrieve
from lib.vectors import order_by_score

NOISE = 3e-8


def noisy(rows: int, *, seed: int, width: int = 32) -> np.ndarray:
    """Make vectors that are equal but for the last bits."""
    generator = np.random.default_rng(seed)
    return (np.ones((rows, width)) + generator.normal(0, NOISE, (rows, width))).astype(np.float32)


def test_equal_vectors_rank_alike_whatever_their_last_bits() -> None:
    right = [np.array([at]) for at in range(40)]
    one, other = (retrieve(noisy(40, seed=seed), noisy(40, seed=seed + 9), right) for seed in (1, 2))
    np.testing.assert_array_equal(one.target_rank, np.arange(1, 41))
    np.testing.assert_array_equal(one.target_rank, other.target_rank)
    np.testing.assert_array_equal(one.top, other.top)
    np.testing.assert_array_equal(one.hits, other.hits)


def test_neighbours_of_equal_vectors_are_the_same() -> None:
    ids = np.arange(30)
    np.testing.assert_array_equal(*(nearest_others(noisy(30, seed=seed), ids)[0] for seed in (3, 4)))


def test_a_clear_difference_still_ranks() -> None:
    targets = np.eye(3, dtype=np.float32)
    found = retrieve(np.array([[0.1, 0.2, 0.9]], dtype=np.float32), targets, [np.array([1])])
    assert found.top.tolist() == [[2, 1, 0]]
    assert found.target_rank.tolist() == [2]


def test_ranks_thresholds_and_shares_see_ties() -> None:
    cosines = np.array([0.5, 0.5 + NOISE, 0.5 - NOISE, 0.9])
    assert average_ranks(cosines).tolist() == [2, 2, 2, 4]
    assert len(count_by_threshold(np.array([1, 0, 1, 0]), cosines).thresholds) == 2
    assert opposite_class_share(cosines[:2], np.array([True, False])).tolist() == [0.5, 0.5]


def test_cosines_equal_but_for_rounding_correlate_with_nothing() -> None:
    scores = np.linspace(0, 1, 30)
    cosines = 0.7 + np.random.default_rng(6).normal(0, NOISE, 30)
    assert np.isnan(pearson_correlation(cosines, scores))
    assert np.isnan(spearman_correlation(cosines, scores))
    assert standardize(cosines).tolist() == [0.0] * 30


def test_equal_vectors_have_no_clusters() -> None:
    labels = np.arange(30) % 3
    assert silhouettes(noisy(30, seed=7), labels).tolist() == [0.0] * 30
    assert np.abs(silhouettes(np.eye(3, dtype=np.float32)[labels], labels)).max() > 0.5


def test_a_change_below_rounding_is_none() -> None:
    base, groups = np.full(40, 0.5), np.arange(40)
    means = compare_means({"cosine": base}, {"cosine": base + NOISE}, groups, span=1.0)
    assert means["cosine"].verdict == "no clear change"
    assert means["cosine"].p_value == 1.0
    change = compare_aggregate(base, base + NOISE, groups, lambda values, rows: float(values[rows].mean()), span=1.0)
    assert change.verdict == "no clear change"


def test_the_nearest_of_equal_texts_is_the_first_for_every_model() -> None:
    scores = np.array([[0.5, 0.9, 0.9 + NOISE, 0.9 - NOISE, 0.2]])
    assert order_by_score(scores).tolist() == [[1, 2, 3, 0, 4]]
    assert order_by_score(scores[:, :1]).tolist() == [[0]]
