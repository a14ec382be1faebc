"""The figures of merit, against scikit-learn and against what was planted."""

from __future__ import annotations

import numpy as np
import pytest

from lib.projection import quality
from lib.projection.quality import trustworthiness
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
