"""The figures of lines, against what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection.line_measures import LineMeasures, frame_ranks, line_quality, measure_pairs
from tests.unit.projection.planted import unit

ENDS = ("base", "best")


def measures(cosine: list, length: list, true_rank: list, drawn_rank: list | None = None) -> LineMeasures:
    """Build measures (snapshot, pairs) whose two ends have the same ranks."""
    both = [np.stack([np.array(ranks)] * 2) for ranks in (true_rank, drawn_rank or true_rank)]
    return LineMeasures(np.array(cosine), np.array(length), both[0], both[1])


def test_a_line_agrees_with_its_rank_and_with_its_cosine_where_the_rank_stayed() -> None:
    lines = measures(
        [[0.1, 0.1, 0.5, 0.5], [0.3, 0.0, 0.6, 0.6]], [[4.0, 4, 4, 4], [1.0, 1, 1, 9]], [[9, 9, 1, 1], [2, 2, 1, 1]]
    )
    found = line_quality(lines, ENDS)
    assert found.rank_sign_agreement == 3 / 4, "the last line grew although its cosine rose"
    assert found.sign_agreement == 2 / 4, "the second came closer by rank alone"
    assert found.opposed == 1 / 4


def test_the_correlation_is_of_logarithms_and_both_directions() -> None:
    rank = [[1, 50, 7, 9], [10, 5, 7, 2]]
    cosine = [[0.5] * 4, [0.6] * 4]
    length = [[1.0, 50, 7, 9], [10.0, 5, 7, 2]]
    assert line_quality(measures(cosine, length, rank), ENDS).rank_change_correlation == pytest.approx(1)
    backwards = line_quality(measures(cosine, length[::-1], rank), ENDS)
    assert backwards.rank_change_correlation == pytest.approx(-1)
    assert backwards.rank_sign_agreement == 0


def test_seen_and_right_count_pairs_among_each_others_ten_nearest() -> None:
    true_rank = [[1, 10, 11, 50], [1, 1, 1, 50]]
    drawn_rank = [[1, 11, 10, 3], [1, 1, 60, 50]]
    found = line_quality(measures([[0.1] * 4, [0.2] * 4], [[1.0] * 4] * 2, true_rank, drawn_rank), ENDS)
    assert found.seen == {"base": 1 / 2, "best": 2 / 3}
    assert found.right == {"base": 1 / 3, "best": 1.0}


def test_one_end_that_has_more_texts_between_makes_a_pair_no_neighbours() -> None:
    ranks = np.ones((2, 2, 1))
    ranks[1, 0] = 11
    found = line_quality(LineMeasures(np.array([[0.1], [0.2]]), np.ones((2, 1)), ranks, ranks), ENDS)
    assert found.seen == {"best": 1.0}
    assert found.right == {"best": 1.0}


def test_pairs_that_stayed_have_no_direction() -> None:
    still = measures([[0.5], [0.5]], [[1.0], [1.0]], [[3], [3]])
    assert line_quality(still, ENDS).rank_sign_agreement is None
    assert line_quality(still, ENDS).lines == 1


def test_planted_neighbours_are_measured_on_vectors_and_frames() -> None:
    draw = np.random.default_rng(0)
    frame = draw.normal(size=(80, 2))
    vectors = unit(np.concatenate([frame, np.full((80, 1), 4.0)], axis=1))  # a cap of the sphere: nearly flat
    pairs = np.stack([np.arange(40), np.arange(40) + 40], axis=1)
    lines = measure_pairs((vectors, vectors[::-1].copy()), (frame, frame), pairs)
    found = line_quality(lines, ENDS)
    assert found.seen["base"] > 0.9
    assert found.right["base"] > 0.9
    assert found.seen.get("best", 0.0) < 0.6, "the frame of other vectors"
    assert np.array_equal(frame_ranks(frame, pairs), lines.drawn_rank[:, 0])
    assert line_quality(lines.select(np.arange(5)), ENDS).lines == 5
