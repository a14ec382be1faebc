"""The table of metrics is complete: each has a title, a kind and a help, and each shape its roles."""

from __future__ import annotations

from typing import get_args, get_type_hints

import numpy as np
import pytest

from lib.data.model_inputs import ModelInputs
from lib.evaluation.compare import compare_metrics
from lib.evaluation.difference import Difference
from lib.evaluation.metrics import measure
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.task import EvalTask
from lib.metrics import METRICS, Metric, card_metrics, key_of_title, primary_metric, selection_metric
from lib.shapes import Shape
from tests.unit.evaluation.fakes import of_text
from tests.unit.training.small import frame_of

SELECTION = {
    Shape.PAIRS: "mrr@10",
    Shape.TRIPLETS: "mrr@10",
    Shape.SCORED: "spearman",
    Shape.LABELLED_PAIRS: "average_precision",
    Shape.LABELLED_TEXTS: "neighbour_recall",
}
PRIMARY = SELECTION | {Shape.PAIRS: "accuracy@1", Shape.TRIPLETS: "accuracy@1"}
KINDS = get_args(get_type_hints(Metric)["kind"])


def metric_keys(shape: Shape) -> tuple[dict[str, float], dict[str, Difference]]:
    """Compute what a shape's epochs report, and what its verdict compares, by key."""
    task = EvalTask.of(ModelInputs.of(frame_of(shape), shape), part="held_out")
    rows = np.stack([of_text(text) for text in task.texts])
    return measure(task, rows), compare_metrics(ModelPair(task, rows, rows, np.arange(len(task.rows))))


@pytest.mark.parametrize("shape", list(Shape))
def test_every_metric_of_a_shape_has_a_complete_record(shape: Shape) -> None:
    for key in {key for found in metric_keys(shape) for key in found}:
        record = METRICS.get(key)
        assert record is not None, f"{key} is computed for {shape.value} but has no record in lib/metrics.py"
        assert record.title, f"{key} needs a title"
        assert record.title != key, f"{key} needs a title of its own"
        assert record.help.endswith("."), f"{key} needs a sentence of help"
        assert record.kind in KINDS, f"{key} needs a kind"


@pytest.mark.parametrize("shape", list(Shape))
def test_a_shapes_roles_are_played_by_what_it_computes(shape: Shape) -> None:
    epoch, verdict = metric_keys(shape)
    cards = {metric.key for metric in card_metrics(shape.value)}
    assert cards
    assert cards <= set(verdict)
    for role, keys in (("primary_for", verdict), ("selects_for", epoch)):
        players = [metric.key for metric in METRICS.values() if shape.value in getattr(metric, role)]
        assert len(players) == 1, f"{shape.value} needs exactly one metric with {role}"
        assert players[0] in keys
    assert primary_metric(shape) == PRIMARY[shape]
    assert selection_metric(shape) == SELECTION[shape]


def test_roles_name_shapes_that_exist() -> None:
    shapes = {shape.value for shape in Shape}
    for metric in METRICS.values():
        assert {*metric.cards, *metric.primary_for, *metric.selects_for} <= shapes, metric.key


def test_titles_are_told_apart() -> None:
    assert {key_of_title(metric.title): metric for metric in METRICS.values()} == METRICS
    assert key_of_title("hit@7") == "hit@7"


@pytest.mark.parametrize("shape", list(Shape))
def test_which_direction_is_better_is_the_same_in_table_and_verdict(shape: Shape) -> None:
    _, verdict = metric_keys(shape)
    assert {key: METRICS[key].lower_is_better for key in verdict} == {
        key: found.lower_is_better for key, found in verdict.items()
    }
