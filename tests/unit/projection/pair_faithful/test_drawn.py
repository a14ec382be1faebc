"""The searches on the drawn map find what a full sort finds, also on maps with empty regions."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection.pair_faithful import drawn


def clumps(seed: int, *, points: int = 700) -> np.ndarray:
    """Draw clumps of very different density, and one point far away, (2, points)."""
    draw = np.random.default_rng(seed)
    frame = draw.normal(size=(points, 2)) * draw.choice([0.01, 0.3, 2.0], size=(points, 1)) + draw.integers(
        0, 4, (points, 2)
    )
    frame[0] = (60, -40)
    return np.ascontiguousarray(frame.T)


@pytest.mark.parametrize("seed", range(3))
def test_neighbours_stand_where_a_full_sort_finds_them(seed: int) -> None:
    x, y = clumps(seed)
    ends = np.arange(len(x))
    rank = np.random.default_rng(seed).integers(1, len(x), len(x)).astype(np.float64)
    rank[:100] = np.arange(100) % 7 + 1
    out = np.empty(len(x))
    drawn.neighbour_distances(0, len(x), drawn.build_grid(x, y), x[ends], y[ends], rank, out)
    distance = np.sort(np.hypot(x[:, None] - x, y[:, None] - y), axis=1)  # number 0 is the end itself
    assert out == pytest.approx(distance[ends, rank.astype(int)], abs=1e-9)


def test_far_neighbours_are_counted_to_the_same_distance() -> None:
    x, y = clumps(1, points=3_000)
    x[:50] = y[:50] = 0.5
    grid = drawn.build_grid(x, y)
    distance = np.sort(np.hypot(x[:, None] - x, y[:, None] - y), axis=1)
    for end in range(0, 3_000, 97):
        for rank in (60, 700, 2_998):
            found = np.sqrt(drawn.far_neighbour(grid, x[end], y[end], float(rank)))
            assert found == pytest.approx(distance[end, rank], rel=2e-3, abs=1e-6)
    out = np.empty(1)
    drawn.neighbour_distances(0, 1, grid, x[:1], y[:1], np.array([2_500.0]), out)
    assert out[0] == pytest.approx(distance[0, 2_500], rel=2e-3)


def test_a_neighbour_on_the_same_place_is_at_no_distance() -> None:
    x, y = np.zeros(40), np.zeros(40)
    x[30:] = 5
    assert drawn.far_neighbour(drawn.build_grid(x, y), 0.0, 0.0, 10.0) < 1e-12


def test_between_two_ranks_stands_between_their_distances() -> None:
    x, y = np.arange(9.0), np.zeros(9)
    out = np.empty(3)
    drawn.neighbour_distances(0, 3, drawn.build_grid(x, y), np.zeros(3), np.zeros(3), np.array([2.0, 2.5, 40.0]), out)
    assert out == pytest.approx([2, np.sqrt(6), 8])


@pytest.mark.parametrize("seed", range(3))
def test_ranks_are_those_of_a_full_sort(seed: int) -> None:
    x, y = clumps(seed)
    draw = np.random.default_rng(seed)
    ends, others = draw.permutation(len(x)), draw.permutation(len(x))
    found = np.empty(len(x), np.int64)
    drawn.drawn_ranks(0, len(x), drawn.build_grid(x, y), x, y, ends, others, found)
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    limit = distance[ends, others][:, None]
    expected = 1 + np.maximum(0, (distance[ends] < limit).sum(axis=1) - 1)
    assert np.array_equal(found, expected)
