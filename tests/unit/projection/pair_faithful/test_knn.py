"""The compiled searches find what full sorts find."""

from __future__ import annotations

import numpy as np

from lib.projection.pair_faithful.graph import nearest_neighbours
from lib.projection.pair_faithful.knn import insert_sorted, rank_excess
from tests.unit.projection.planted import world


def test_neighbours_are_those_of_a_full_sort() -> None:
    vectors = world()[0]
    found, near = nearest_neighbours(vectors, k=9)
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -np.inf)
    order = np.argsort(-cosine, axis=1, kind="stable")[:, :9]
    assert np.allclose(near, np.sqrt(2 - 2 * np.take_along_axis(cosine, order, 1)), atol=1e-3)
    assert (found == order).mean() > 0.999  # blocks round differently: equal cosines may change places
    assert (np.diff(near, axis=1) >= 0).all()


def test_equal_texts_are_each_others_neighbours_in_their_own_order() -> None:
    vectors = np.repeat(np.eye(3, dtype=np.float32), 3, axis=0)
    found, near = nearest_neighbours(vectors, k=4)
    assert found.tolist()[4] == [3, 5, 0, 1]
    assert near[4].tolist() == [0, 0, np.float32(np.sqrt(2)), np.float32(np.sqrt(2))]


def test_a_rising_list_keeps_the_first_of_equals() -> None:
    values, indices = np.full(3, np.inf), np.zeros(3, np.int64)
    for index, value in enumerate([5.0, 2.0, 5.0, 2.0]):
        if value < values[-1]:
            insert_sorted(value, index, values, indices)
    assert values.tolist() == [2, 2, 5]
    assert indices.tolist() == [1, 3, 0]


def test_an_intruder_costs_its_rank_beyond_k() -> None:
    products = np.array([[1.0, 0.9, 0.8, 0.1]], np.float32)
    x, y = np.array([0.0, 2.0, 3.0, 1.0]), np.zeros(4)
    assert rank_excess(products.copy(), np.array([0]), x, y, 1) == 2  # drawn next to the point of rank 3
    assert rank_excess(products.copy(), np.array([0]), x[::-1].copy()[[3, 0, 1, 2]], y, 1) == 0
