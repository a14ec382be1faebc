"""A stored evaluation is read as it was written, an older one too; what is missing is None or nan."""

from __future__ import annotations

import json
from math import inf, isnan

import pytest

from lib.evaluation.difference import Difference
from lib.evaluation.result import CosineDistribution, Evaluation, ExampleCounts, Similarity, Threshold
from lib.evaluation.side_effects.result import (
    EmbeddingSpace,
    EvaluationWarning,
    ProbeResult,
    SideEffects,
    SnapshotMetrics,
    ValidationSteps,
)

GAIN = Difference(0.5, 0.75, 0.125, 0.375, 0.001, 0.0625)
SPACE = EmbeddingSpace(40.0, 0.125, -2.5, 0.75)
COSINES = CosineDistribution([0, 3], [2, 1], 0.5, 0.25, Threshold(0.4, 0.9, 0.8, 0.85, "validation"))
EVALUATION = Evaluation(
    shape="pairs",
    metric="accuracy@1",
    sentence="Top-1 accuracy ...",
    examples=60,
    groups=50,
    documents=40,
    texts=55,
    counts=ExampleCounts(better=20, same=30, worse=10),
    metrics={"accuracy@1": GAIN, "median_rank": Difference(7, 2, -6, -4, 0.001, 0.5, lower_is_better=True)},
    similarity=Similarity([-0.5, 0.25, 1.0], "random pairs", COSINES, COSINES),
    side_effects=SideEffects(
        SPACE,
        SPACE,
        (SnapshotMetrics("base", 0, SPACE, 0.5, 0.25, 30, 20), SnapshotMetrics("best", 1, SPACE, 0.75, 0.5, 30, 20)),
        ValidationSteps(GAIN, GAIN, 3),
        ProbeResult(GAIN, 240, 0.5),
    ),
    warnings=(EvaluationWarning("Forgetting", "..."),),
    versions={"closer": "1"},
)


def test_what_is_written_is_read() -> None:
    read = Evaluation.from_json(EVALUATION.to_json())
    assert read == EVALUATION
    assert read.to_json() == EVALUATION.to_json()
    assert (read.verdict, read.metrics["median_rank"].verdict) == ("better", "better")


def test_bounds_that_do_not_exist_are_null_and_come_back_as_nan() -> None:
    stored = Difference(0.5, 0.75).to_json()
    assert (stored["low"], stored["high"], stored["detectable"]) == (None, None, None)
    read = Difference.from_json(stored)
    assert isnan(read.low)
    assert not read.has_interval
    assert read.verdict == "no clear change"
    assert not Difference(0.5, 0.75, -inf, inf).has_interval


def test_an_evaluation_of_the_first_version_opens() -> None:
    numbers = {"base": 0.5, "tuned": 0.75, "difference": 0.25, "low": 0.1, "high": 0.4}
    old = {
        **{"shape": "pairs", "metric": "mrr@10", "verdict": "better", "sentence": "...", "examples": 3, "groups": 3},
        **{
            "documents": 3,
            "counts": {"better": 1, "same": 1, "worse": 1},
            "metrics": {"mrr@10": numbers, "ndcg@10": numbers},
        },
    }
    read = Evaluation.from_json(json.dumps(old))
    assert not read.is_current
    assert (read.similarity, read.side_effects) == (None, SideEffects())
    assert (read.verdict, read.metrics["ndcg@10"].verdict) == ("better", "no clear change")
    assert read.headline is not None
    assert read.headline.difference == 0.25


@pytest.mark.parametrize("broken", ["{", "[]", "{}", '{"metric": "mrr@10", "verdict": "better", "metrics": {}}'])
def test_a_damaged_one_is_refused(broken: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        Evaluation.from_json(broken)
