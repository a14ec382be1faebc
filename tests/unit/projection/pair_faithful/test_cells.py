"""The search by cells finds nearly what all dot products find, also among equal texts and few points."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection.pair_faithful import cells
from lib.projection.pair_faithful.cells import cell_neighbours, divide
from lib.projection.pair_faithful.graph import nearest_neighbours
from tests.unit.projection.planted import world


@pytest.fixture(autouse=True)
def small_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Divide a small world among many cells, and skip most of them."""
    monkeypatch.setattr(cells, "POINTS_A_CENTRE", 20)
    monkeypatch.setattr(cells, "PROBED_CELLS", 12)
    monkeypatch.setattr(cells, "_MAX_PRODUCTS", 2_000)


def test_nearly_all_neighbours_are_found() -> None:
    vectors = world(pairs=600, topics=40)[0]
    found, distances = cell_neighbours(vectors, k=10, seed=0)
    exact, near = nearest_neighbours(vectors, k=10)
    overlap = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact, found, strict=True)])
    assert overlap > 0.95
    assert (found != np.arange(len(vectors))[:, None]).all()
    assert (np.diff(distances, axis=1) >= 0).all()
    assert distances[:, 0] == pytest.approx(near[:, 0], abs=1e-3)


def test_every_point_stands_in_one_cell() -> None:
    parts = divide(world(pairs=200)[0], seed=1)
    assert np.array_equal(np.sort(parts.order), np.arange(400))
    assert len(parts.centres) == 20
    assert parts.start[[0, -1]].tolist() == [0, 400]


def test_equal_texts_find_each_other() -> None:
    vectors = np.repeat(world(pairs=4)[0], 60, axis=0)
    found, distances = cell_neighbours(vectors, k=5, seed=0)
    assert np.array_equal(found // 60, np.repeat(np.arange(8), 60)[:, None].repeat(5, axis=1))
    assert distances.max() < 1e-3


def test_more_cells_are_looked_through_where_the_nearest_have_too_few_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "PROBED_CELLS", 1)
    found, distances = cell_neighbours(world(pairs=100)[0], k=60, seed=0)
    assert np.isfinite(distances).all()
    assert all(len(set(row)) == 60 for row in found)


def test_the_same_seed_gives_the_same_neighbours() -> None:
    vectors = world(pairs=300)[0]
    assert np.array_equal(cell_neighbours(vectors, k=5, seed=2)[0], cell_neighbours(vectors, k=5, seed=2)[0])
