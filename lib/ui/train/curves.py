"""The training curves of a run, made once for all pages that follow it."""

from __future__ import annotations

import time
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from lib.charts.colours import Palette
from lib.charts.training import TrainingCurves, training_curves, training_figure
from lib.jobs.status import Status
from lib.store.runs import Run
from lib.ui.shared.open_pages import POLL_SECONDS


@dataclass(frozen=True)
class CurveView:
    """What a page shows of the curves. figure: shared by sessions, so nobody changes it."""

    curves: TrainingCurves
    figure: go.Figure


def curve_view(run: Run, status: Status, colours: Palette, *, is_live: bool) -> CurveView:
    """Make the curves and their figure.

    While a worker trains they are made again every two seconds, however many sessions ask: a figure is a third of the work of a page.
    """
    stamp = (int(time.monotonic() // POLL_SECONDS) if is_live else -1, len(status.measurements))
    steps = 0 if is_live else len(status.losses)
    return _make_view(run.id, (*stamp, steps), colours, _run=run, _status=status)


@st.cache_resource(max_entries=32, show_spinner=False)
def _make_view(run: str, stamp: tuple[int, ...], colours: Palette, *, _run: Run, _status: Status) -> CurveView:
    curves = training_curves(_run.name, _status.losses, _status.measurements)
    return CurveView(curves, training_figure(curves, colours, epochs=float(_run.recipe.epochs)))
