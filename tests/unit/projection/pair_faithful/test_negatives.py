"""Every point has its slot in its first snapshot's ring, and negatives from that snapshot alone."""

from __future__ import annotations

import numpy as np

from lib.projection.pair_faithful.negatives import negative_sampler
from lib.projection.points import distinct_points
from tests.unit.projection.planted import world

BLOCK_SIZE = 7


def snapshots() -> dict[str, np.ndarray]:
    """Make two snapshots of which every third text did not change."""
    base = world(pairs=20)[0]
    after = base + np.roll(base, 1, axis=0)
    after[::3] = base[::3]
    return {"base": base, "best": after}


def test_blocks_cover_each_point_once_at_its_own_slot() -> None:
    points = distinct_points(snapshots())
    sampler = negative_sampler(points, seed=0, block_size=BLOCK_SIZE)
    positions = np.concatenate([np.arange(low, high) for _, low, high in sampler.blocks])
    assert sorted(sampler.rings[positions]) == list(range(len(points.vectors)))
    assert np.array_equal(sampler.rings[sampler.slot], np.arange(len(points.vectors)))
    assert (np.diff(sampler.blocks[:, 1:]) <= BLOCK_SIZE).all()


def test_negatives_are_of_the_same_snapshot_and_never_the_point_itself() -> None:
    points = distinct_points(snapshots())
    sampler = negative_sampler(points, seed=0, block_size=BLOCK_SIZE)
    offsets = sampler.sample_offsets(50, 4, seed=0)
    for snapshot, low, high in sampler.blocks:
        for offset in offsets[:, snapshot].ravel():
            negatives = sampler.rings[low + offset : high + offset]
            assert np.isin(negatives, points.by_snapshot[snapshot]).all()
            assert (negatives != sampler.rings[low:high]).all()


def test_in_time_every_other_point_is_a_negative() -> None:
    points = distinct_points({"base": snapshots()["base"]})
    sampler = negative_sampler(points, seed=0, block_size=BLOCK_SIZE)
    offsets = sampler.sample_offsets(450, 16, seed=0)
    assert set(offsets.ravel().tolist()) == set(range(1, len(points.vectors)))


def test_a_lone_point_is_its_own_negative() -> None:
    sampler = negative_sampler(distinct_points({"base": np.eye(1, 3, dtype=np.float32)}), seed=0, block_size=BLOCK_SIZE)
    assert (sampler.sample_offsets(3, 2, seed=0) == 0).all()
