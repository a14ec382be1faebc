"""Figures of a training: loss and validation metric over the epochs, of one run or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from lib.charts.colours import Palette, with_alpha
from lib.format import format_metric, metric_title, plotly_format
from lib.metrics import METRICS
from lib.progress import LossPoint, SnapshotMeasurement

MAX_CURVE_POINTS = 400


@dataclass(frozen=True)
class TrainingCurves:
    """One run's curves: epochs and losses of its steps, epochs and metric of its validations.

    The first validation is the base model's.
    """

    name: str
    metric: str
    loss_epochs: list[float]
    losses: list[float]
    epochs: list[float]
    values: list[float]

    @property
    def best(self) -> int | None:
        """Index of the best epoch among the validations, the base left out; the first of equals."""
        after = range(1, len(self.values))
        return max(after, key=lambda index: self.values[index], default=None)


def training_curves(
    name: str, losses: Sequence[LossPoint], measurements: Sequence[SnapshotMeasurement]
) -> TrainingCurves:
    """Collect a run's curves from its events; long loss curves are thinned to means of neighbours."""
    looks = {one.epoch: one.metrics for one in measurements if one.part == "validation"}
    names = {key for metrics in looks.values() for key in metrics}
    metric = next((key for key, entry in METRICS.items() if entry.selects_for and key in names), "")
    epochs = sorted(epoch for epoch, metrics in looks.items() if metric in metrics)
    x, y = thin([point.epoch for point in losses], [point.loss for point in losses])
    return TrainingCurves(name, metric, x, y, epochs, [float(looks[epoch][metric]) for epoch in epochs])


def thin(x: Sequence[float], y: Sequence[float], *, most: int = MAX_CURVE_POINTS) -> tuple[list[float], list[float]]:
    """Reduce to at most that many points, each the mean of as many neighbours."""
    block = -(-len(x) // most) if x else 1
    starts = range(0, len(x), block)
    return (
        [sum(x[at : at + block]) / len(x[at : at + block]) for at in starts],
        [sum(y[at : at + block]) / len(y[at : at + block]) for at in starts],
    )


def training_figure(run: TrainingCurves, colours: Palette, *, epochs: float | None = None) -> go.Figure:
    """Draw loss (left) and validation metric (right) of one run, with the base's value and the best epoch."""
    title = metric_title(run.metric) if run.metric else "not measured yet"
    figure = _panels(colours, ("Training loss", f"Validation: {escape(title)}"))
    figure.add_trace(
        _line(run.loss_epochs, run.losses, colours.tuned, "loss", "epoch %{x:.2f}: %{y:.4f}"), row=1, col=1
    )
    if run.values:
        trace = _line(run.epochs, run.values, colours.tuned, title, f"epoch %{{x:g}}: {_value(run)}")
        figure.add_trace(trace.update(mode="lines+markers", marker={"size": 6}), row=1, col=2)
        figure.add_hline(  # after a trace: plotly leaves lines out of panels that are empty
            y=run.values[0],
            line={"color": colours.base, "dash": "dot", "width": 1.5},
            annotation={
                "text": f"base {format_metric(run.metric, run.values[0])}",
                "font": {"color": colours.base, "size": 12},
            },
            row=1,
            col=2,
        )
    if run.best is not None:
        figure.add_trace(_best(run, colours), row=1, col=2)
    if epochs:
        figure.update_xaxes(range=[0, epochs * 1.02])
    figure.update_yaxes(range=_loss_range(run.losses), row=1, col=1)
    figure.update_yaxes(range=_value_range(run.values), row=1, col=2)
    return figure


def _loss_range(losses: Sequence[float]) -> list[float] | None:
    """Choose a range from 0 up, so that a loss is seen to fall towards it; one for an empty panel too."""
    return [0.0, 1.08 * max(losses)] if losses and max(losses) > 0 else [0.0, 1.0] if not losses else None


def _value_range(values: Sequence[float]) -> list[float] | None:
    """Choose a range in which 0.001 does not look like a jump.

    It leaves room for the label below the best value.
    """
    if not values:
        return [0.0, 1.0]
    low, high = min(values), max(values)
    room = max(0.05, high - low)
    return [low - 0.35 * room, high + 0.2 * room]


def comparison_figure(runs: Sequence[TrainingCurves], colours: Palette) -> go.Figure:
    """Draw loss and validation metric of several runs in one figure, a colour for each run."""
    metrics = {run.metric for run in runs if run.metric}
    title = metric_title(metrics.pop()) if len(metrics) == 1 else "metric of each dataset"
    figure = _panels(colours, ("Training loss", f"Validation: {escape(title)}"))
    for number, run in enumerate(runs):
        colour, name = colours.series(number), escape(run.name)
        loss = _line(run.loss_epochs, run.losses, colour, name, f"{name}<br>epoch %{{x:.2f}}: %{{y:.4f}}")
        figure.add_trace(loss.update(legendgroup=str(number), showlegend=True), row=1, col=1)
        value = _line(run.epochs, run.values, colour, name, f"{name}<br>epoch %{{x:g}}: {_value(run)}")
        figure.add_trace(value.update(mode="lines+markers", legendgroup=str(number)), row=1, col=2)
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": -0.25}, height=340)
    return figure


def _value(run: TrainingCurves) -> str:
    """Write plotly's placeholder for a value of the run's metric."""
    return f"%{{y:{plotly_format(run.metric)}}}"


def _panels(colours: Palette, titles: tuple[str, str]) -> go.Figure:
    figure = make_subplots(rows=1, cols=2, subplot_titles=titles, horizontal_spacing=0.09)
    figure.update_layout(
        height=280,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        showlegend=False,
        hovermode="closest",
        uirevision="stay",  # the zoom survives new points
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.text},
    )
    figure.update_xaxes(title_text="epoch", rangemode="tozero", gridcolor=colours.grid, zeroline=False)
    figure.update_yaxes(gridcolor=colours.grid, zeroline=False)
    figure.update_annotations(font={"size": 14, "color": colours.text})
    return figure


def _line(x: Sequence[float], y: Sequence[float], colour: str, name: str, hover: str) -> go.Scatter:
    return go.Scatter(
        x=list(x),
        y=list(y),
        mode="lines",
        name=name,
        showlegend=False,
        line={"color": colour, "width": 2},
        hovertemplate=hover + "<extra></extra>",
    )


def _best(run: TrainingCurves, colours: Palette) -> go.Scatter:
    index = run.best or 0
    is_right = run.epochs[index] > 0.8 * max(run.epochs)  # words in the middle of the mark would be cut at the edge
    return go.Scatter(
        x=[run.epochs[index]],
        y=[run.values[index]],
        mode="markers+text",
        text=[f"best {format_metric(run.metric, run.values[index])}"],
        textposition="bottom left" if is_right else "bottom center",
        textfont={"color": colours.tuned},
        marker={"size": 13, "color": with_alpha(colours.tuned, 0.25), "line": {"color": colours.tuned, "width": 2}},
        hovertemplate=f"best epoch {run.epochs[index]:g}: {_value(run)}<extra></extra>",
        showlegend=False,
    )
