"""The table of metrics is complete: whatever any shape computes has a title, a kind and a help, and each shape its roles."""

from __future__ import annotations

from typing import get_args, get_type_hints

import numpy as np
import pytest

from lib.data.shapes import Shape
from lib.evaluation.compare import PRIMARY_METRIC, compare_metrics
from lib.evaluation.metrics import measure
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.task import SELECTION_METRIC, EvalTask
from lib.metrics import METRICS, Metric, card_metrics, primary_metric, selection_metric
from tests.unit.evaluation.fakes import of_text
from tests.unit.training.small import frame_of

KINDS = get_args(get_type_hints(Metric)["kind"])


def computed(shape: Shape) -> tuple[set[str], set[str]]:
    """Return the keys that a shape's epochs report, and those that its verdict compares."""
    task = EvalTask.of(frame_of(shape), shape=shape, part="held_out")
    rows = np.stack([of_text(text) for text in task.texts])
    return set(measure(task, rows)), set(compare_metrics(ModelPair(task, rows, rows, np.arange(len(task.rows)))))


@pytest.mark.parametrize("shape", list(Shape))
def test_every_metric_of_a_shape_has_a_complete_record(shape: Shape) -> None:
    for key in set.union(*computed(shape)):
        record = METRICS.get(key)
        assert record is not None, f"{key} is computed for {shape.value} but has no record in lib/metrics.py"
        assert record.title, f"{key} needs a title"
        assert record.title != key, f"{key} needs a title of its own"
        assert record.help.endswith("."), f"{key} needs a sentence of help"
        assert record.kind in KINDS, f"{key} needs a kind"


@pytest.mark.parametrize("shape", list(Shape))
def test_a_shapes_roles_are_played_by_what_it_computes(shape: Shape) -> None:
    epoch, verdict = computed(shape)
    cards = {metric.key for metric in card_metrics(shape.value)}
    assert cards
    assert cards <= verdict
    for role, keys in (("primary_for", verdict), ("selects_for", epoch)):
        players = [metric.key for metric in METRICS.values() if shape.value in getattr(metric, role)]
        assert len(players) == 1, f"{shape.value} needs exactly one metric with {role}"
        assert players[0] in keys
    assert PRIMARY_METRIC[shape] == primary_metric(shape.value)
    assert SELECTION_METRIC[shape] == selection_metric(shape.value)


def test_roles_name_shapes_that_exist() -> None:
    shapes = {shape.value for shape in Shape}
    for metric in METRICS.values():
        assert {*metric.cards, *metric.primary_for, *metric.selects_for} <= shapes, metric.key


def test_titles_are_told_apart() -> None:
    assert len({metric.title for metric in METRICS.values()}) == len(METRICS)
