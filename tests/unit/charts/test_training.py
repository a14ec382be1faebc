"""The curves of a training: the best epoch, thinning that keeps the mean, user text made harmless."""

from __future__ import annotations

import numpy as np
import pytest

from lib.charts.colours import DARK, LIGHT
from lib.charts.training import MAX_CURVE_POINTS, comparison_figure, thin, training_curves, training_figure
from lib.progress import LossPoint, SnapshotMeasurement


def measurements(*values: float, metric: str = "mrr@10") -> list[SnapshotMeasurement]:
    """Build validation events of the base and the epochs after it."""
    return [
        SnapshotMeasurement("validation", str(epoch), float(epoch), {metric: value, "recall@1": 0.0}, 0.0)
        for epoch, value in enumerate(values)
    ]


def losses(count: int) -> list[LossPoint]:
    """Build loss events of that many steps."""
    return [LossPoint(step, step / 10, float(step), 0.0) for step in range(count)]


def test_the_best_epoch_is_the_first_of_the_highest_and_never_the_base() -> None:
    assert training_curves("run", [], measurements(0.9, 0.5, 0.7, 0.7)).best == 2
    assert training_curves("run", [], measurements(0.9)).best is None
    assert training_curves("run", [], []).best is None


@pytest.mark.parametrize("metric", ["mrr@10", "spearman", "average_precision", "neighbour_recall"])
def test_the_metric_is_the_one_that_chose_the_epoch(metric: str) -> None:
    assert training_curves("run", [], measurements(0.1, 0.2, metric=metric)).metric == metric


def test_an_epoch_that_was_measured_anew_counts_once() -> None:
    again = [*measurements(0.1, 0.2), *measurements(0.1, 0.3)]
    assert training_curves("run", [], again).values == [0.1, 0.3]


@pytest.mark.parametrize("count", [0, 1, MAX_CURVE_POINTS, MAX_CURVE_POINTS + 1, 12_345])
def test_thinning_keeps_few_points_and_the_mean(count: int) -> None:
    x, y = thin(list(range(count)), [float(value) for value in range(count)])
    assert len(x) <= MAX_CURVE_POINTS
    assert len(x) == len(y)
    if 0 < count <= MAX_CURVE_POINTS:
        assert y == [float(value) for value in range(count)]
    if count:
        assert np.mean(y) == pytest.approx((count - 1) / 2, rel=0.03)


def test_the_figure_marks_the_best_epoch_and_the_base() -> None:
    figure = training_figure(training_curves("run", losses(20), measurements(0.5, 0.8, 0.7)), LIGHT)
    (best,) = [trace for trace in figure.data if trace.text]
    assert (best.x[0], best.y[0], best.text[0]) == (1, 0.8, "best 0.800")
    assert [shape.y0 for shape in figure.layout.shapes] == [0.5]


def test_a_persons_name_cannot_bring_markup_into_a_figure() -> None:
    figure = comparison_figure([training_curves("<b onclick=x>&", losses(3), measurements(0.1, 0.2))], DARK)
    assert "<b onclick" not in figure.to_json()
    assert "&lt;b onclick" in figure.to_json().replace("\\u003c", "<")
