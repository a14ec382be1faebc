"""Results of experiments are read as written, those of older versions without what they lack."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.evaluation.difference import Difference
from lib.experiments.result import (
    ControlResult,
    Interpolation,
    InterpolationPoint,
    LearningCurve,
    LearningCurvePoint,
    SavedBlend,
)

GAIN = Difference(0.5, 0.75, 0.125, 0.375, 0.001, 0.0625)
OLD = {"base": 0.5, "tuned": 0.75, "difference": 0.25, "low": None, "high": None, "verdict": "better"}


@pytest.mark.parametrize(
    "result",
    [
        ControlResult("mrr@10", GAIN, GAIN, GAIN, "abc"),
        LearningCurve("mrr@10", (LearningCurvePoint(0.5, 20, GAIN), LearningCurvePoint(1.0, 40, GAIN)), GAIN, "abc"),
        LearningCurve("mrr@10", (LearningCurvePoint(1.0, 40, GAIN),)),
        Interpolation("mrr@10", (InterpolationPoint(0.5, 0.75, 0.875, GAIN, GAIN), InterpolationPoint(1.0, 0.5, 0.25))),
    ],
)
def test_what_is_written_is_read(result: ControlResult | LearningCurve | Interpolation) -> None:
    assert type(result).from_json(result.to_json()) == result


def test_results_of_older_versions_open() -> None:
    control = ControlResult.from_json({"metric": "mrr@10", **OLD})
    assert (control.run, control.beyond, control.model) == (None, None, "")
    assert control.control.verdict == "better"
    assert not control.control.has_interval
    curve = LearningCurve.from_json({"metric": "mrr@10", "points": [{"fraction": 1.0, "rows": 40, **OLD}]})
    assert curve.last_step is None
    blend = Interpolation.from_json({"metric": "mrr@10", "points": [{"share": 0.5, "target": 0.7, "general": 0.9}]})
    assert blend.points[0].target_change is None
    assert SavedBlend.from_json(Path("x"), {"share_of_tuned_weights": 0.5}).held_out is None
