"""The figures of merit, against scikit-learn and against what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection import quality
from lib.projection.quality import line_quality, trustworthiness
from tests.unit.projection.planted import world


def test_trustworthiness_equals_that_of_scikit_learn() -> None:
    from sklearn.manifold import trustworthiness as theirs

    vectors = world()[0]
    frame = np.random.default_rng(0).normal(size=(len(vectors), 2)).astype(np.float32)
    assert trustworthiness(vectors, frame) == pytest.approx(theirs(vectors, frame, n_neighbors=15), abs=1e-4)


def test_a_sample_of_rows_measures_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = world(pairs=400)[0]
    frame = vectors[:, :2].copy()
    full = trustworthiness(vectors, frame)
    monkeypatch.setattr(quality, "TRUSTWORTHINESS_ROWS", 300)
    assert trustworthiness(vectors, frame) == pytest.approx(full, abs=0.03)


def test_few_texts_have_no_trustworthiness() -> None:
    assert trustworthiness(np.eye(2, dtype=np.float32), np.zeros((2, 2))) is None


def test_sign_and_rank_of_lines_that_all_change_with_their_cosine() -> None:
    before = np.array([[0, 0], [4, 0], [0, 1], [3, 1], [0, 2], [1, 2]], float)
    after = np.array([[0, 0], [1, 0], [0, 1], [2.5, 1], [0, 2], [3, 2]], float)
    pairs = np.array([[0, 1], [2, 3], [4, 5]])
    agreed = line_quality(before, after, (np.array([0.1, 0.2, 0.5]), np.array([0.9, 0.3, 0.2])), pairs)
    assert agreed.sign_agreement == 1
    assert agreed.rank_correlation == pytest.approx(1)
    opposed = line_quality(after, before, (np.array([0.1, 0.2, 0.5]), np.array([0.9, 0.3, 0.2])), pairs)
    assert opposed.sign_agreement == 0
    assert opposed.rank_correlation == pytest.approx(-1)


def test_cosines_that_did_not_change_have_no_sign() -> None:
    frame = np.zeros((2, 2))
    assert line_quality(frame, frame, (np.array([0.5]), np.array([0.5])), np.array([[0, 1]])).sign_agreement is None
