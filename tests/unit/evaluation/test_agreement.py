"""Correlation, average precision and best F1 are those of scipy and scikit-learn, ties included.

Float32 cosines, too.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr, rankdata, spearmanr
from sklearn.metrics import average_precision_score, precision_recall_curve

from lib.evaluation.agreement import (
    average_precision,
    average_ranks,
    best_f1,
    count_by_threshold,
    pearson_correlation,
    spearman_correlation,
)

EXACT = {"rel": 0, "abs": 1e-12}


def scored(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw float32 cosines with ties, and scores that follow them."""
    generator = np.random.default_rng(seed)
    cosines = generator.normal(0.6, 0.15, count).astype(np.float32).round(2)
    return cosines, (cosines + generator.normal(0, 0.2, count)).round(1)


@pytest.mark.parametrize(("seed", "count"), [(0, 8), (1, 50), (2, 400), (3, 3_000)])
def test_they_are_those_of_scipy_and_scikit_learn(seed: int, count: int) -> None:
    cosines, scores = scored(seed, count)
    is_match = (scores > scores.mean()).astype(int)
    assert average_ranks(cosines).tolist() == rankdata(cosines).tolist()
    assert pearson_correlation(cosines, scores) == pytest.approx(pearsonr(cosines, scores)[0], **EXACT)
    assert spearman_correlation(cosines, scores) == pytest.approx(spearmanr(cosines, scores)[0], **EXACT)
    assert average_precision(is_match, cosines) == pytest.approx(average_precision_score(is_match, cosines), **EXACT)
    precision, recall, _ = precision_recall_curve(is_match, cosines)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    assert best_f1(is_match, cosines) == pytest.approx(f1.max(), **EXACT)


def test_what_does_not_vary_has_no_correlation() -> None:
    assert np.isnan(pearson_correlation(np.ones(5), np.arange(5)))
    assert np.isnan(spearman_correlation(np.arange(5), np.ones(5)))
    assert np.isnan(average_precision(np.zeros(5), np.arange(5)))
    assert np.isnan(best_f1(np.zeros(5), np.arange(5)))


def test_equal_cosines_are_one_threshold_and_negatives_can_weigh_less() -> None:
    counts = count_by_threshold(np.array([1, 0, 1, 0]), np.array([0.9, 0.9, 0.5, 0.1]), negative_weight=0.5)
    assert counts.thresholds.tolist() == [0.9, 0.5, 0.1]
    assert counts.true_positives.tolist() == [1, 2, 2]
    assert counts.false_positives.tolist() == [0.5, 0.5, 1.0]
    assert counts.recall.tolist() == [0.5, 1.0, 1.0]
