"""The triangle of question, right and nearest wrong answer has the true distances."""

from __future__ import annotations

import numpy as np
import pytest

from lib.charts.pair.nearest_wrong import AnswerTriple, nearest_wrong_figure, triangle


def test_the_triangle_has_the_true_distances() -> None:
    vectors = np.random.default_rng(1).normal(size=(3, 8))
    place = triangle(vectors)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(place[a] - place[b]) == pytest.approx(np.linalg.norm(vectors[a] - vectors[b]))


def test_the_nearest_wrong_answer_is_drawn_before_and_after() -> None:
    before = np.array([[1.0, 0], [0, 1], [0.9, 0.1]])
    after = np.array([[1.0, 0], [0.9, 0.1], [0, 1]])
    triple = AnswerTriple(("<q>", "right", "wrong"), before, after)
    assert triple.was_nearer
    assert not triple.is_nearer
    found = nearest_wrong_figure(triple)
    assert "<q>" not in found.to_json()
    assert {trace.xaxis for trace in found.data} == {"x1", "x2"} or {trace.xaxis for trace in found.data} == {"x", "x2"}
