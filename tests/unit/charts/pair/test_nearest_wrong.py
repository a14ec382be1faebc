"""The triangle of source, correct and nearest wrong answer has the true distances."""

from __future__ import annotations

import numpy as np
import pytest

from lib.charts.pair.nearest_wrong import AnswerTriple, nearest_wrong_figure, triangle


def test_the_triangle_has_the_true_distances() -> None:
    vectors = np.random.default_rng(1).normal(size=(3, 8))
    corners = triangle(vectors)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(corners[a] - corners[b]) == pytest.approx(np.linalg.norm(vectors[a] - vectors[b]))


def test_the_nearest_wrong_answer_is_drawn_for_base_and_tuned() -> None:
    base = np.array([[1.0, 0], [0, 1], [0.9, 0.1]])
    tuned = np.array([[1.0, 0], [0.9, 0.1], [0, 1]])
    triple = AnswerTriple(("<q>", "correct", "wrong"), base, tuned)
    assert triple.is_wrong_nearer_base
    assert not triple.is_wrong_nearer_tuned
    figure = nearest_wrong_figure(triple)
    assert "<q>" not in figure.to_json()
    assert {trace.xaxis for trace in figure.data} == {"x1", "x2"} or {trace.xaxis for trace in figure.data} == {
        "x",
        "x2",
    }
