"""Targets fall with the cosine, weights have mean 1, and each line knows its two ends."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection.pair_faithful.springs import PairSprings, spring_weights, target_lengths


def springs() -> tuple[PairSprings, np.ndarray]:
    """Make lines whose drawn distance falls with the cosine but for noise, and the positions (2, points)."""
    draw = np.random.default_rng(0)
    position = draw.normal(size=(2, 60))
    sample = draw.integers(0, 60, (2, 500))
    length = np.linalg.norm(position[:, sample[0]] - position[:, sample[1]], axis=0)
    cosine = np.clip(1 - length / 4 + draw.normal(0, 0.1, 500), -0.2, 1)
    ends = np.stack([np.arange(0, 20).reshape(2, 10), np.arange(20, 40).reshape(2, 10)])
    return PairSprings(ends, np.linspace(-0.2, 1, 20).reshape(2, 10), sample, cosine), position


def test_a_greater_cosine_always_has_a_smaller_target() -> None:
    found = target_lengths(*springs())
    assert (np.diff(found.ravel()) < 0).all()


def test_lines_whose_cosine_hardly_changed_weigh_more() -> None:
    target = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.1, 1.5, 3.0]])
    weights = spring_weights(target)
    assert weights.mean() == pytest.approx(1)
    assert (np.diff(weights) < 0).all()
    assert np.array_equal(spring_weights(target[:1].repeat(2, axis=0)), np.ones(4))


def test_each_point_lists_its_lines_with_the_sign_of_its_end() -> None:
    spring_lines, _ = springs()
    lines = spring_lines.by_point(60)
    assert lines.indptr[-1] == 40
    ends = spring_lines.ends.reshape(2, -1)
    for point in range(60):
        for entry in range(lines.indptr[point], lines.indptr[point + 1]):
            assert ends[0 if lines.sign[entry] > 0 else 1, lines.line[entry]] == point
