"""Every point has its place in the ring of its first moment, and random company from that moment alone."""

from __future__ import annotations

import numpy as np

from lib.projection.pair_faithful.negatives import negative_sampler
from lib.projection.points import distinct_points
from tests.unit.projection.planted import world

PIECE = 7


def moments() -> dict[str, np.ndarray]:
    """Two moments of which every third text did not change."""
    base = world(pairs=20)[0]
    after = base + np.roll(base, 1, axis=0)
    after[::3] = base[::3]
    return {"base": base, "best": after}


def test_pieces_cover_each_point_once_at_its_own_slot() -> None:
    drawn = distinct_points(moments())
    found = negative_sampler(drawn, seed=0, piece=PIECE)
    places = np.concatenate([np.arange(low, high) for _, low, high in found.pieces])
    assert sorted(found.pool[places]) == list(range(len(drawn.vectors)))
    assert np.array_equal(found.pool[found.slot], np.arange(len(drawn.vectors)))
    assert (np.diff(found.pieces[:, 1:]) <= PIECE).all()


def test_company_is_of_the_same_moment_and_never_the_point_itself() -> None:
    drawn = distinct_points(moments())
    found = negative_sampler(drawn, seed=0, piece=PIECE)
    far = found.distances(50, 4, seed=0)
    for moment, low, high in found.pieces:
        for away in far[:, moment].ravel():
            company = found.pool[low + away : high + away]
            assert np.isin(company, drawn.at[moment]).all()
            assert (company != found.pool[low:high]).all()


def test_in_time_every_other_point_comes_by() -> None:
    drawn = distinct_points({"base": moments()["base"]})
    found = negative_sampler(drawn, seed=0, piece=PIECE)
    far = found.distances(450, 16, seed=0)
    assert set(far.ravel().tolist()) == set(range(1, len(drawn.vectors)))


def test_a_lone_point_is_its_own_company() -> None:
    found = negative_sampler(distinct_points({"base": np.eye(1, 3, dtype=np.float32)}), seed=0, piece=PIECE)
    assert (found.distances(3, 2, seed=0) == 0).all()
