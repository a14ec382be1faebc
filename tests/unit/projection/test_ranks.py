"""Ranks in the full dimensions, against a full sort; of large sets a sample estimates them."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection import ranks
from lib.projection.pair_faithful.graph import nearest_neighbours
from lib.projection.points import distinct_points
from lib.projection.ranks import mean_log_rank, refine_ranks, snapshot_ranks, true_ranks
from tests.unit.projection.planted import world


def sorted_ranks(vectors: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Rank by sorting all cosines, (2, pairs)."""
    cosine = vectors.astype(np.float64) @ vectors.T
    np.fill_diagonal(cosine, np.inf)
    order = np.argsort(-cosine, axis=1).argsort(axis=1)
    return np.stack([order[pairs[:, 0], pairs[:, 1]], order[pairs[:, 1], pairs[:, 0]]])


def test_ranks_are_those_of_a_full_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, pairs = world(pairs=150)
    monkeypatch.setattr(ranks, "_BLOCK_VALUES", 7_000)
    assert np.array_equal(true_ranks(vectors, pairs), sorted_ranks(vectors, pairs))


def test_equal_texts_are_no_rivals_and_no_neighbours_of_themselves() -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32), 2, axis=0)
    assert true_ranks(vectors, np.array([[0, 1], [0, 2]])).tolist() == [[1, 2], [1, 2]]
    points = distinct_points({"base": vectors})
    assert snapshot_ranks(points, np.array([[0, 1], [0, 2]])).tolist() == [[[1, 1]], [[1, 1]]]


def test_a_sample_estimates_the_ranks_of_a_large_set(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, pairs = world(pairs=1_000)
    monkeypatch.setattr(ranks, "MAX_COMPARED", 1_000)
    exact, estimate = mean_log_rank(sorted_ranks(vectors, pairs)), mean_log_rank(true_ranks(vectors, pairs))
    assert np.corrcoef(exact, estimate)[0, 1] > 0.98


def test_ranks_among_the_nearest_are_exact_whatever_the_sample_says(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, _ = world(pairs=300)
    neighbours = nearest_neighbours(vectors, k=15)
    pairs = np.array([[row, neighbours[0][row, row % 15]] for row in range(100)] + [[0, 0]])
    monkeypatch.setattr(ranks, "MAX_COMPARED", 60)
    refined, exact = refine_ranks(true_ranks(vectors, pairs), pairs, neighbours), sorted_ranks(vectors, pairs)
    near = exact <= 15
    assert np.array_equal(refined[near], np.maximum(1, exact[near]))
    assert (refined[~near] > 15).all()
