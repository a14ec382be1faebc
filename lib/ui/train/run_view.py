"""One run while it trains and after: state, progress, metrics, curves, log, and its batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from lib.charts.training import TrainingCurves
from lib.evaluation.difference import Difference
from lib.format import (
    format_bytes,
    format_count,
    format_difference,
    format_duration,
    format_headline,
    format_metric,
    format_values,
    metric_title,
)
from lib.jobs.status import Status
from lib.store.jobs import LIVE, OPEN, Job
from lib.store.run_settings import train_command
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.training.card import read_model_facts
from lib.ui.shared import cache
from lib.ui.shared.components import (
    STATE_LABELS,
    escape_markdown,
    settings_summary,
    show_partial_badge,
    show_state_badge,
    show_unchanged,
    show_verdict_badge,
)
from lib.ui.shared.polling import awaited_jobs
from lib.ui.shared.theme import theme_palette
from lib.ui.train.curves import CurveView, curve_view
from lib.ui.train.log import show_log
from lib.ui.train.run_controls import show_run_controls
from lib.ui.train.run_progress import show_run_progress, show_stalled_worker

_TRAINING_SPEED, _ENCODING_SPEED = "Training (examples/s)", "Encoding (texts/s)"


def show_run(workspace: Workspace, run: Run) -> None:
    """Draw the run from its name to its log."""
    status = cache.run_status(run)
    jobs = awaited_jobs(workspace.jobs.all(run=run.id))
    _show_header(workspace, run, jobs, status)
    show_unchanged(run)
    show_run_progress(run, jobs, status)
    show_stalled_worker(workspace, run, jobs, status)
    is_live = any(job.state in LIVE for job in jobs)
    view = curve_view(run, status, theme_palette(), is_live=is_live)
    _show_metrics(run, view.curves, status)
    _show_curves(run, view)
    show_log(run, status)
    _show_command(run)
    if run.batch:
        _show_batch(workspace, run)


def _show_header(workspace: Workspace, run: Run, jobs: list[Job], status: Status) -> None:
    is_busy = any(job.state in OPEN for job in jobs)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.text(run.name)
            st.caption(f"{escape_markdown(run.model)} · settings: {escape_markdown(settings_summary(run))}")
            if status.places:
                st.caption(f":material/lan: {escape_markdown(describe_places(status.places))}")
        show_state_badge(run.state if run.state != "succeeded" or not is_busy else "running")
        show_partial_badge(run)
        show_verdict_badge(run.headline.verdict if run.headline else "")
        show_run_controls(workspace, run, jobs)


def describe_places(places: Sequence[str]) -> str:
    """Describe where the processes of a training ran: 4 processes on node-1: cpu (2), node-2: cpu (2)."""
    counts = Counter(places)
    each = ", ".join(place if count == 1 else f"{place} ({count})" for place, count in counts.items())
    return f"{format_count(len(places), 'process', 'processes')} on {each}"


def _show_metrics(run: Run, curves: TrainingCurves, status: Status) -> None:
    """Draw the cards: validation metric so far, speed, time, memory, disk."""
    speed = _format_speed(status.pairs_per_second) or None
    seconds = format_duration(run.seconds) if run.seconds else None
    with st.container(horizontal=True):
        if curves.values:
            metric, base, best = curves.metric, curves.values[0], curves.best
            change = None if best is None else Difference(base, curves.values[best])
            st.metric(
                f"{metric_title(metric)}, validation",
                format_metric(metric, base) if change is None else format_values(metric, change),
                None if change is None else format_difference(metric, change.difference, unit=True),
                border=True,
                height="stretch",
            )
        st.metric("Examples/s", speed, border=True, height="stretch")
        st.metric("Training time", seconds, border=True, height="stretch", help="Over all attempts.")
        st.metric("Memory", format_bytes(status.memory) or None, border=True, height="stretch")
        st.metric(
            "Disk usage",
            format_bytes(cache.disk_bytes(run.folder)),
            border=True,
            height="stretch",
            help="Model, checkpoints, snapshots and map.",
        )


def _format_speed(per_second: float | None) -> str:
    """Write a speed in whole numbers; empty where none was measured yet."""
    return f"{per_second:,.0f}" if per_second else ""


def _show_curves(run: Run, view: CurveView) -> None:
    """Draw loss and validation metric by epoch, once there is something to draw."""
    curves = view.curves
    if not curves.losses and not curves.values:
        return
    best = "none"
    if curves.best is not None:
        best = f"{format_metric(curves.metric, curves.values[curves.best])} at epoch {curves.epochs[curves.best]:g}"
    alt = f"Loss and validation metric by epoch; best so far {best}"
    st.plotly_chart(view.figure, key=f"curves-{run.id}", config={"displayModeBar": False}, alt=alt)


def _show_command(run: Run) -> None:
    """Show the command that trains the same again, with the copy button that code has."""
    with st.expander("Command line", icon=":material/terminal:"):
        st.caption("Trains the same recipe on the same dataset and base model, without a browser.")
        st.code(train_command(run), language="bash", wrap_lines=True)


def _show_batch(workspace: Workspace, run: Run) -> None:
    """Draw the runs of the batch in one table: quality, settings where they differ, speed, size."""
    batch = [one for one in workspace.runs.all() if one.batch == run.batch and one.dataset == run.dataset]
    st.subheader("Runs of this batch", anchor=False)
    differ = len({settings_summary(one) for one in batch}) > 1
    rows = [
        {
            "Base model": one.model,
            "State": STATE_LABELS.get(one.state, (one.state,))[0],
            **({"Settings": settings_summary(one)} if differ else {}),
            "Held-out": format_headline(one.headline),
            _TRAINING_SPEED: _format_speed(cache.run_status(one).pairs_per_second),
            _ENCODING_SPEED: _format_speed(read_model_facts(one.model_dir).get("texts_per_second")),
            "Model size": format_bytes(cache.disk_bytes(one.model_dir)) if one.model_dir.is_dir() else "",
            "Time": format_duration(one.seconds) if one.ended else "",
        }
        for one in reversed(batch)
    ]
    speeds = {name: st.column_config.TextColumn(alignment="right") for name in (_TRAINING_SPEED, _ENCODING_SPEED)}
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=speeds, alt="The runs of this batch")
