"""Targets grow with the rank, the rank decides before the cosine, and each line knows its two ends."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection.pair_faithful.springs import cosine_tilt, pair_springs, rank_curve, target_lengths
from lib.projection.points import distinct_points
from lib.projection.ranks import snapshot_ranks
from tests.unit.projection.planted import pull_together, world


def test_a_greater_rank_always_has_a_longer_target() -> None:
    draw = np.random.default_rng(0)
    log_rank = np.sort(draw.uniform(0, 6, 4_000))
    noisy = 0.5 * log_rank + draw.normal(0, 0.3, len(log_rank))
    curve = rank_curve(log_rank, noisy)
    assert (np.diff(curve) > 0).all()
    assert curve[2_000] == pytest.approx(0.5 * log_rank[2_000] + 0.05 * log_rank[2_000], abs=0.1)
    falling = rank_curve(log_rank, -noisy)
    assert (np.diff(falling) > 0).all(), "also where the drawing says the reverse"


def test_the_density_of_one_snapshot_does_not_lengthen_its_line() -> None:
    rank = np.full((2, 2, 50), 4.0)
    distance = np.ones((2, 2, 50))
    distance[:, 1] = 3.0  # the same rank is drawn three times as far in the second snapshot
    lengths = target_lengths(rank, distance, np.zeros((2, 50)))
    assert lengths[1] == pytest.approx(lengths[0])
    assert np.exp(lengths[0]) == pytest.approx(np.full(50, np.sqrt(3)))


def test_a_cosine_tilts_only_where_the_rank_does_not_say_the_reverse() -> None:
    cosine = np.array([[0.5, 0.5, 0.5], [0.7, 0.7, 0.7]])
    log_rank = np.array([[3.0, 1.0, 1.0], [2.0, 1.0, 2.0]])
    tilt = cosine_tilt(cosine, log_rank)
    assert (np.diff(tilt[:, :2], axis=0) < 0).all(), "the rank improved, or stayed"
    assert (tilt[:, 2] == 0).all(), "the rank became worse"


def test_each_point_lists_its_lines_with_the_sign_of_its_end() -> None:
    base, pairs = world(pairs=20)
    points = distinct_points({"base": base, "best": pull_together(base, pairs, np.arange(10))})
    springs = pair_springs(points, pairs, snapshot_ranks(points, pairs))
    lines = springs.by_point(len(points.vectors))
    assert lines.indptr[-1] == 80
    ends = springs.ends.reshape(2, -1)
    for point in range(len(points.vectors)):
        for entry in range(lines.indptr[point], lines.indptr[point + 1]):
            assert ends[0 if lines.sign[entry] > 0 else 1, lines.line[entry]] == point


def test_far_pairs_are_asked_for_their_change_and_near_ones_for_their_length() -> None:
    base, pairs = world(pairs=100)
    points = distinct_points({"base": base})
    ranks = np.stack([np.geomspace(1, 100, 100)] * 2)[:, None]
    pull = pair_springs(points, pairs, ranks).pull
    assert (np.diff(pull) < 0).all()
    assert pull[0] > 0.98
    assert pull[-1] < 0.02
