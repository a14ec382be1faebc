"""The figures of merit, against scikit-learn and against what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection import quality
from lib.projection.quality import line_quality, trustworthiness
from lib.projection.seed_noise import align, seed_noise
from tests.unit.projection.planted import world


def test_trustworthiness_equals_that_of_scikit_learn() -> None:
    from sklearn.manifold import trustworthiness as theirs

    vectors = world()[0]
    frame = np.random.default_rng(0).normal(size=(len(vectors), 2)).astype(np.float32)
    assert trustworthiness(vectors, frame) == pytest.approx(theirs(vectors, frame, n_neighbors=15), abs=1e-4)


def test_a_sample_of_rows_measures_nearly_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = world(pairs=400)[0]
    frame = vectors[:, :2].copy()
    whole = trustworthiness(vectors, frame)
    monkeypatch.setattr(quality, "TRUSTWORTHINESS_ROWS", 300)
    assert trustworthiness(vectors, frame) == pytest.approx(whole, abs=0.03)


def test_few_texts_have_no_trustworthiness() -> None:
    assert trustworthiness(np.eye(2, dtype=np.float32), np.zeros((2, 2))) is None


def test_lines_that_all_tell_the_truth() -> None:
    before = np.array([[0, 0], [4, 0], [0, 1], [3, 1], [0, 2], [1, 2]], float)
    after = np.array([[0, 0], [1, 0], [0, 1], [2.5, 1], [0, 2], [3, 2]], float)
    pairs = np.array([[0, 1], [2, 3], [4, 5]])
    told = line_quality(before, after, (np.array([0.1, 0.2, 0.5]), np.array([0.9, 0.3, 0.2])), pairs)
    assert told.sign_agreement == 1
    assert told.rank_correlation == pytest.approx(1)
    lied = line_quality(after, before, (np.array([0.1, 0.2, 0.5]), np.array([0.9, 0.3, 0.2])), pairs)
    assert lied.sign_agreement == 0
    assert lied.rank_correlation == pytest.approx(-1)


def test_cosines_that_did_not_change_have_no_sign() -> None:
    frame = np.zeros((2, 2))
    assert line_quality(frame, frame, (np.array([0.5]), np.array([0.5])), np.array([[0, 1]])).sign_agreement is None


def test_a_turned_and_mirrored_layout_lies_over_the_first() -> None:
    frame = np.random.default_rng(0).normal(size=(30, 2))
    turn = np.array([[0, 2.0], [2.0, 0]])
    back = align((frame @ turn + 3, frame @ turn + 4), (frame, frame + 0.5))
    assert np.abs(back[0] - frame).max() < 1e-9


def test_noise_is_what_seeds_disagree_on() -> None:
    draw = np.random.default_rng(0)
    first = draw.normal(size=(50, 2))
    moved = first + [1, 0]
    shaky = moved.copy()
    shaky[7] += [0, 2]
    found = seed_noise([(first, moved), (first, shaky)], np.array([[0, 1], [7, 8]]))
    assert found.texts.argmax() == 7
    assert found.lines[1] > found.lines[0]
    alone = seed_noise([(first, moved)], np.array([[0, 1]]))
    assert not alone.texts.any()
