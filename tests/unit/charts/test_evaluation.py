"""The evaluation's figures: what they draw, user text is escaped, the heat map sums to the cosine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import nan

import numpy as np
import pytest

from lib.charts import evaluation as charts
from lib.charts.colours import DARK, LIGHT
from lib.evaluation.difference import Difference
from lib.evaluation.explanation import TokenParts, WordDrops
from lib.evaluation.result import CosineDistribution, Similarity, Threshold
from lib.evaluation.side_effects.result import EmbeddingSpace, SnapshotMetrics
from lib.experiments.result import InterpolationPoint


def distribution(
    pairs: Sequence[int] = (0, 2, 6), others: Sequence[int] = (5, 4, 1), *, threshold: float | None = 0.41
) -> CosineDistribution:
    best = None if threshold is None else Threshold(threshold, 0.9, 0.8, 0.85, "validation")
    return CosineDistribution(list(pairs), list(others), 0.6, 0.1, best)


def similarity(base: CosineDistribution | None = None, tuned: CosineDistribution | None = None) -> Similarity:
    bins = np.linspace(-0.5, 1.0, 4).tolist()
    return Similarity(bins, "random pairs", base or distribution(), tuned or distribution())


def test_the_distributions_are_shares_of_pairs_and_random_pairs_of_both_models() -> None:
    figure = charts.cosine_histograms(similarity(), LIGHT)
    assert [trace.name for trace in figure.data] == [
        "base: random pairs",
        "base: pairs",
        "tuned: random pairs",
        "tuned: pairs",
    ]
    assert all(np.sum(trace.y) == pytest.approx(1.0) for trace in figure.data)
    assert {trace.line.color for trace in figure.data} == {LIGHT.base, LIGHT.tuned}
    assert [shape.x0 for shape in figure.layout.shapes] == [0.41, 0.41]
    assert list(figure.layout.xaxis.range) == pytest.approx([-0.55, 1.0])
    high = distribution([0, 0, 6], [0, 0, 1])
    empty = similarity(high, high)
    assert list(charts.cosine_histograms(empty, LIGHT).layout.xaxis.range) == pytest.approx([0.45, 1.0])


def test_thresholds_that_are_close_have_their_labels_on_either_side() -> None:
    for base, tuned, expected in (
        (0.41, 0.40, ["tuned 0.400", "base 0.410"]),
        (0.3, 0.5, ["base 0.300", "tuned 0.500"]),
    ):
        found = similarity(distribution(threshold=base), distribution(threshold=tuned))
        notes = charts.cosine_histograms(found, LIGHT).layout.annotations
        assert [note.text for note in notes] == expected
        assert [note.xanchor for note in notes] == ["right", "left"]


def test_where_there_is_no_threshold_none_is_drawn() -> None:
    found = similarity(distribution(threshold=None))
    assert [note.text for note in charts.cosine_histograms(found, LIGHT).layout.annotations] == ["tuned 0.410"]


def test_the_course_marks_the_best_epoch() -> None:
    measured = [("base", 0, 0.3, 0.3), ("epoch-001", 1, 0.6, 0.5), ("epoch-002", 2, 0.9, 0.4), ("best", 1, 0.6, 0.5)]
    space = EmbeddingSpace(30.0, 0.1, -2.0)
    snapshots = [SnapshotMetrics(name, epoch, space, *values, 20, 20) for name, epoch, *values in measured]
    figure = charts.epoch_figure(snapshots, LIGHT, metric="mrr@10")
    assert [list(trace.x) for trace in figure.data] == [[0, 1, 2], [0, 1, 2], [1]]
    assert figure.data[2].name == "best epoch, kept"
    assert list(figure.data[2].y) == [0.5]


def token_parts(scale: float) -> TokenParts:
    parts = scale * np.array([[0.1, 0.2, 0.0], [0.05, 0.1, 0.15]])
    return TokenParts(["<b>", "x"], ["a", "a", "c"], parts.tolist())


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_the_heat_maps_sum_to_their_cosines_and_escape_tokens(colours: charts.Palette) -> None:
    figure = charts.token_heat(token_parts(1.0), token_parts(1.5), colours)
    assert [float(np.sum(trace.z)) for trace in figure.data] == pytest.approx([0.6, 0.9, 0.3])
    assert [note.text for note in figure.layout.annotations] == ["Base +0.600", "Tuned +0.900", "Difference +0.300"]
    assert "<b>" not in figure.data[0].text[0][0]
    assert figure.layout.yaxis.ticktext[0] == "&lt;b&gt;"
    assert list(figure.layout.xaxis.tickvals) == [0, 1, 2]
    assert {trace.zmax for trace in figure.data} == {figure.data[0].zmax}


def test_tokens_that_differ_between_the_models_have_no_difference() -> None:
    other = replace(token_parts(1.0), first=["other", "x"])
    assert len(charts.token_heat(token_parts(1.0), other, LIGHT).data) == 2


def test_words_are_drawn_for_base_and_tuned() -> None:
    one = WordDrops(0.5, ["a", "<i>"], ["c"], [0.1, -0.2], [0.3])
    figure = charts.word_bars(one, one, LIGHT)
    assert [list(trace.x) for trace in figure.data] == [[0.1, -0.2], [0.1, -0.2], [0.3], [0.3]]
    assert "&lt;i&gt;" in figure.data[0].text


def test_differences_are_drawn_with_their_intervals() -> None:
    points = [Difference(0.0, 0.1, 0.0, 0.3), Difference(0.0, 0.2, nan, nan)]
    figure = charts.differences_figure([10, 20], points, LIGHT, metric="accuracy@1", x_title="rows")
    assert list(figure.data[0].error_y.array) == pytest.approx([0.2, 0.0])
    assert list(figure.data[0].error_y.arrayminus) == pytest.approx([0.1, 0.0])
    assert list(figure.data[0].text) == ["+10 points, 95% CI 0 to +30", "+20 points, no interval"]


def test_a_blend_draws_target_and_general_quality() -> None:
    points = [InterpolationPoint(0.0, 0.3, 0.9), InterpolationPoint(1.0, 0.6, 0.8)]
    figure = charts.interpolation_figure(points, LIGHT, metric="mrr@10")
    assert [list(trace.y) for trace in figure.data] == [[0.3, 0.6], [0.9, 0.8]]
    assert list(figure.data[0].x) == [0, 100]
    assert not figure.data[0].error_y.visible


def test_a_blends_bars_are_the_interval_of_its_difference_to_the_base() -> None:
    points = [
        InterpolationPoint(share, 0.3 + share / 5, 0.9, target_change=change)
        for share, change in (
            (0.0, Difference(0.0, 0.0, -0.1, 0.1)),
            (0.5, Difference(0.0, 0.1, 0.05, 0.2)),
            (1.0, Difference(0.0, 0.2, nan, nan)),
        )
    ]
    bars = charts.interpolation_figure(points, LIGHT, metric="mrr@10").data[0].error_y
    assert list(bars.array) == pytest.approx([0.0, 0.1, 0.0])
    assert list(bars.arrayminus) == pytest.approx([0.0, 0.05, 0.0])
