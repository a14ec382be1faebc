"""The map of a run as a figure or a picture, outside of any page."""

from __future__ import annotations

from pathlib import Path

from lib.charts.map.figure import MapFigure, map_figure
from lib.charts.map.lines import evaluated_lines, largest_classes
from lib.charts.map.svg import map_svg
from lib.projection.store import load_map, map_texts
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.workspace import open_workspace


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
    if figure is None or map_data is None:
        return None
    names = list(map_data.labels)
    ends = {name: map_data.labels[name] for name in dict.fromkeys((names[0], names[-1]))}
    return map_svg(figure.figure, ends, title=run.name)
