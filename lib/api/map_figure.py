"""The map of a run, or of two models, as a figure or a picture, outside of any page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.charts.map.figure import MapFigure, map_figure
from lib.charts.map.lines import add_evaluation, evaluated_lines, largest_classes
from lib.charts.map.svg import map_svg
from lib.projection.store import Map, SnapshotLabel, load_map, map_texts
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.workspace import open_workspace


@dataclass(frozen=True)
class MapVectors:
    """What a map of two models is computed from.

    frame: the examples; texts: those shown; vectors: by model, (texts, d).
    """

    frame: pd.DataFrame
    shape: Shape
    texts: list[str]
    vectors: Mapping[str, np.ndarray]

    def compute(self) -> Map | None:
        """Lay out the texts; None where the two models have vectors of different dimensions."""
        from lib.projection.run import compute_map

        if len({rows.shape for rows in self.vectors.values()}) > 1:
            return None
        labels = tuple(SnapshotLabel(name, epoch, name.capitalize()) for epoch, name in enumerate(self.vectors))
        computed = compute_map(self.vectors, self.texts, frame=self.frame, shape=self.shape.value, labels=labels)
        return computed.in_memory()

    def figure(self, map_data: Map, pairs: pd.DataFrame, *, dark: bool = False) -> MapFigure:
        """Build the figure of the map. pairs: the per-pair results that colour its lines."""
        lines, measure = add_evaluation(map_data.lines, self.frame, pairs)
        classes = largest_classes(self.frame, self.texts) if self.shape is Shape.LABELLED_TEXTS else None
        return map_figure(map_data, lines, self.texts, measure=measure, classes=classes, dark=dark)


def run_map_figure(run: Run, home: Path, *, dark: bool = False) -> MapFigure | None:
    """Build the figure with a frame for each snapshot; None where the run has no map."""
    map_data = load_map(run)
    if map_data is None:
        return None
    dataset = open_workspace(home).datasets.get(run.dataset)
    frame, texts = dataset.frame(), map_texts(run)
    lines, measure = evaluated_lines(run, map_data, frame)
    classes = largest_classes(frame, texts) if dataset.shape == Shape.LABELLED_TEXTS.value else None
    return map_figure(map_data, lines, texts, measure=measure, classes=classes, dark=dark)


def run_map_svg(run: Run, home: Path) -> str | None:
    """Draw the first and the last snapshot side by side; None where the run has no map."""
    figure, map_data = run_map_figure(run, home), load_map(run)
    return None if figure is None or map_data is None else ends_svg(figure, map_data, title=run.name)


def ends_svg(figure: MapFigure, map_data: Map, *, title: str) -> str:
    """Draw the first and the last snapshot of a map side by side."""
    names = list(map_data.labels)
    ends = {name: map_data.labels[name] for name in dict.fromkeys((names[0], names[-1]))}
    return map_svg(figure.figure, ends, title=title)
