"""The map of a report: the figure that moves, two stills beside each other, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape, unescape

import pandas as pd
import plotly.graph_objects as go

from lib.charts.colours import LIGHT
from lib.charts.map.figure import MapFigure, map_figure
from lib.charts.map.lines import evaluated_lines, largest_classes
from lib.charts.map.quality import quality_sentences
from lib.charts.map.scene import TextClasses
from lib.charts.map.svg import SVG_HEIGHT, SVG_WIDTH, panel_svg
from lib.escapes import clean_xml
from lib.projection.store import Map, load_map, map_texts
from lib.report.texts import TextWriter
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.runs import Run

_MOST_POINTS = 4_000
"""Points of a report's map: all SVG, because the report's policy lets nothing make code of strings, as WebGL does here."""


@dataclass(frozen=True)
class ReportMap:
    """The map of one run.

    figure: plotly's JSON; stills: base and best, an SVG each; legend: what each colour means; sentences: how far it can be trusted.
    """

    figure: str
    stills: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    texts: int


def build_report_map(run: Run, dataset: Dataset, writer: TextWriter) -> ReportMap | None:
    """Draw the run's map on its held-out pairs; None while there is none.

    On all pairs where none is held out.
    """
    layout = load_map(run)
    if layout is None:
        return None
    lines, measure = _lines(run, dataset, layout)
    classes = _classes(dataset, map_texts(run), writer)
    shown = [writer.write(text, f"text {number}") for number, text in enumerate(map_texts(run))]
    drawn = map_figure(layout, lines, shown, measure=measure, classes=classes, most=_MOST_POINTS, is_svg=True)
    ends = dict.fromkeys((next(iter(layout.labels)), list(layout.labels)[-1]))
    stills = tuple(still_svg(drawn.figure, name, layout.labels[name]) for name in ends)
    sentences = tuple(sentence for _, sentence in quality_sentences(layout, lines, drawn.choice))
    return ReportMap(figure_json(drawn), stills, legend_colours(drawn.figure), sentences, layout.texts)


def figure_json(drawn: MapFigure) -> str:
    """Write a figure as JSON that may stand in a page: no text in it ends the element that holds it."""
    shown = go.Figure(drawn.figure).update_layout(
        template="none", font={"family": "system-ui, sans-serif"}, autosize=True
    )
    if shown.layout.sliders:  # beside the buttons, also where the page is narrow
        shown.layout.sliders[0].update(x=0.2, len=0.78)
    text = shown.to_json(engine="orjson")
    return str(text).replace("<", "\\u003c")


def still_svg(figure: go.Figure, snapshot: str, label: str) -> str:
    """Write one snapshot as SVG."""
    panel = panel_svg(figure, snapshot, label=label, left=0, colours=LIGHT)
    size = f"0 0 {SVG_WIDTH} {SVG_HEIGHT}"
    return clean_xml(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img" aria-label="{escape(label)}">{panel}</svg>'
    )


def legend_colours(figure: go.Figure) -> tuple[tuple[str, str], ...]:
    """List the entries of the figure's legend that have one colour: name, colour."""
    entries = []
    for trace in figure.data:
        colour = trace.line.color if trace.mode == "lines" else trace.marker.color
        if trace.name and trace.showlegend is not False and isinstance(colour, str):
            entries.append((unescape(trace.name), colour))
    return tuple(entries)


def _lines(run: Run, dataset: Dataset, layout: Map) -> tuple[pd.DataFrame, str]:
    """Select the held-out lines where there are any, with their numbers and what colours them."""
    lines, measure = evaluated_lines(run, layout, dataset.frame())
    held_out = lines["part"] == "held_out"
    if held_out.any():
        return lines[held_out], measure
    return lines.assign(value=lines["cosine_change"]), "cosine" if measure == "margin" else measure


def _classes(dataset: Dataset, texts: Sequence[str], writer: TextWriter) -> TextClasses | None:
    """Select the largest classes of labelled texts."""
    if dataset.shape != Shape.LABELLED_TEXTS.value:
        return None
    classes = largest_classes(dataset.frame(), texts)
    names = enumerate(classes.members.items(), start=1)
    return replace(classes, members={writer.write(name, f"class {number}"): ids for number, (name, ids) in names})
