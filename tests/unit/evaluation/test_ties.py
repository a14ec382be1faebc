"""Equal scores are ties: no rank, win or loss from differences below float rounding."""

from __future__ import annotations

import numpy as np

from lib.evaluation.agreement import average_ranks, count_by_threshold
from lib.evaluation.per_pair import opposite_class_share
from lib.evaluation.retrieval import nearest_others, retrieve

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
