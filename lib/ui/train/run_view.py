"""One run as it works: state, stage, progress, numbers, curves, controls, log."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.charts.training import TrainingCurves, training_curves, training_figure
from lib.format import (
    StoredChange,
    format_bytes,
    format_difference,
    format_duration,
    format_headline,
    format_metric,
    format_values,
    metric_title,
)
from lib.jobs.events import Status
from lib.jobs.kinds import title_of
from lib.jobs.locks import is_held, kill_worker, worker_lock
from lib.store.jobs import LIVE, OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.training.card import read_model_facts
from lib.training.recipe import FIELDS, changed_settings
from lib.ui.shared import cache, state
from lib.ui.shared.components import (
    STATE_LABELS,
    escape_markdown,
    settings_summary,
    show_partial_badge,
    show_state_badge,
    show_verdict_badge,
)
from lib.ui.shared.theme import theme_palette
from lib.ui.train import log

_SILENT_SECONDS = 60
_STEPS = (("train", "Train"), ("evaluate", "Evaluate"), ("project", "Draw the map"))


def show_run(workspace: Workspace, run: Run) -> None:
    """Draw the run: what it is, how far, how it goes, what one can do."""
    status = cache.run_status(run)
    jobs = workspace.jobs.all(run=run.id)
    _head(workspace, run, jobs)
    _progress(run, jobs, status)
    _silence(workspace, run, jobs, status)
    drawn = training_curves(run.name, status.losses, status.measures)
    _numbers(run, drawn, status)
    if drawn.losses or drawn.values:
        figure = training_figure(drawn, theme_palette(), epochs=float(run.recipe.get("epochs", 0)) or None)
        alt = f"Loss and validation metric by epoch; best so far {_best_text(drawn)}"
        st.plotly_chart(figure, key=f"curves-{run.id}", config={"displayModeBar": False}, alt=alt)
    log.show_log(run, status)
    if run.batch:
        _together(workspace, run)


def _together(workspace: Workspace, run: Run) -> None:
    """Draw the runs that were started together, in one table: quality, settings where they differ, speed, size."""
    others = [one for one in workspace.runs.all() if one.batch == run.batch and one.dataset == run.dataset]
    st.subheader("Started together", anchor=False)
    differ = len({_settings(one) for one in others}) > 1
    rows = [
        {
            "Base model": one.model,
            "State": STATE_LABELS.get(one.state, (one.state,))[0],
            **({"Settings": settings_summary(one.recipe)} if differ else {}),
            "Held-out": format_headline(one.headline),
            "Trains, examples a second": cache.run_status(one).pairs_per_second,
            "Encodes, texts a second": read_model_facts(one.model_dir).get("texts_per_second"),
            "Model size": format_bytes(cache.disk_bytes(one.model_dir)) if one.model_dir.is_dir() else "",
            "Time": format_duration(one.seconds) if one.ended else "",
        }
        for one in reversed(others)
    ]
    speeds = ("Trains, examples a second", "Encodes, texts a second")
    columns = {name: st.column_config.NumberColumn(format="%.0f") for name in speeds}
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config=columns, alt="The runs that were started together")


def _head(workspace: Workspace, run: Run, jobs: list[Job]) -> None:
    working = any(job.state in OPEN for job in jobs)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None):
            st.text(run.name)
            st.caption(f"{escape_markdown(run.model)} · {_settings(run)}")
        show_state_badge(run.state if run.state != "succeeded" or not working else "running")
        show_partial_badge(run)
        show_verdict_badge(run.headline.verdict if run.headline else "")
        _controls(workspace, run, jobs)


def _settings(run: Run) -> str:
    """Return the settings that differ from Recommended in one line."""
    changed = changed_settings(run.recipe)
    if not changed:
        return "Recommended settings"
    return escape_markdown(", ".join(f"{FIELDS[name].label} {value}" for name, value in list(changed.items())[:6]))


def _controls(workspace: Workspace, run: Run, jobs: list[Job]) -> None:
    if run.deleted is not None:
        if st.button("Undo the deletion", key=f"undelete-{run.id}", icon=":material/undo:"):
            workspace.runs.restore(run.id)
            st.rerun(scope="app")
        return
    working = [job for job in jobs if job.state in OPEN]
    if working and all(job.state != "cancelling" for job in working):
        with st.popover("Cancel", icon=":material/stop_circle:"):
            st.write("Stop this run? The best model so far is kept and marked as partial.")
            if st.button("Yes, stop it", key=f"cancel-{run.id}", type="primary"):
                _cancel(workspace, working)
    if (
        not working
        and run.state in ("failed", "cancelled")
        and st.button(
            "Try again",
            key=f"retry-{run.id}",
            icon=":material/replay:",
            help="Goes on from the newest whole checkpoint.",
        )
    ):
        _retry(workspace, run)
    if (
        not working
        and run.model_dir.is_dir()
        and st.button("Explore", key=f"explore-{run.id}", icon=":material/explore:", type="primary")
    ):
        st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: run.id})


def _cancel(workspace: Workspace, jobs: list[Job]) -> None:
    for job in jobs:
        workspace.jobs.cancel(job.id)
    st.rerun(scope="app")


def _retry(workspace: Workspace, run: Run) -> None:
    workspace.jobs.retry(run.job)
    st.rerun(scope="app")


def _progress(run: Run, jobs: list[Job], status: Status) -> None:
    """Show the three steps, the stage in words, the bar and the time left; or how it ended."""
    if run.state == "failed":
        st.error(escape_markdown(run.reason) or "It failed; the log says how far it came.", icon=":material/error:")
        return
    _steps(jobs)
    live = next((job for job in jobs if job.state in LIVE), None)
    if live is not None:
        early = ", less if it stops early" if live.kind == "train" and run.recipe.get("patience") else ""
        left = f" · about {format_duration(status.seconds_left)} left{early}" if status.seconds_left is not None else ""
        what = f"{status.stage.capitalize()}{': ' + status.detail if status.detail else ''}" or "Starting"
        if live.state == "cancelling":
            what, left = f"Stopping; the best so far is kept. {what}", ""
        st.progress(status.fraction, text=f"{escape_markdown(what)}{left}")
    elif any(job.state in OPEN for job in jobs):
        ahead = "It begins when the work before it is done." if run.state == "queued" else ""
        st.progress(0.0, text=f"Waiting. {escape_markdown(run.reason) or ahead}")
    elif run.state == "cancelled":
        st.info(escape_markdown(run.reason) or "Cancelled.", icon=":material/cancel:")
    for job in {job.kind: job for job in sorted(jobs, key=lambda one: one.id)}.values():
        if job.kind != "train" and job.state == "failed":
            st.warning(f"{title_of(job.kind)} failed: {escape_markdown(job.reason)}", icon=":material/warning:")


def _steps(jobs: list[Job]) -> None:
    by_kind = {job.kind: job.state for job in sorted(jobs, key=lambda one: one.id)}
    with st.container(horizontal=True, gap="small"):
        for kind, title in _STEPS:
            found = by_kind.get(kind, "")
            if found == "succeeded":
                st.badge(title, icon=":material/check:", color="green")
            elif found in LIVE:
                st.badge(title, icon=":material/progress_activity:", color="blue")
            elif found == "failed":
                st.badge(title, icon=":material/close:", color="red")
            else:
                st.badge(title, icon=":material/circle:", color="gray")


def _silence(workspace: Workspace, run: Run, jobs: list[Job], status: Status) -> None:
    """Say when a working run has not said anything for long, and offer what can be done."""
    silent = status.seconds_silent
    if not any(job.state == "running" for job in jobs) or silent < _SILENT_SECONDS:
        return
    lives = is_held(worker_lock(workspace.home))
    why = (
        "Its worker is alive but says nothing: it may be paused, or short of memory."
        if lives
        else "Its worker is gone."
    )
    with st.container(border=True):
        st.warning(
            f"No progress for {format_duration(silent)}. {why} Wait, restart the worker (it goes on from the newest checkpoint), or cancel.",
            icon=":material/hourglass_disabled:",
        )
        if lives and st.button("Restart the worker", key=f"restart-{run.id}", icon=":material/restart_alt:"):
            kill_worker(workspace.home)
            st.rerun(scope="app")


def _numbers(run: Run, drawn: TrainingCurves, status: Status) -> None:
    """Show the cards: quality so far, speed, time, memory, disk."""
    with st.container(horizontal=True):
        if drawn.values:
            metric, base, best = drawn.metric, drawn.values[0], drawn.best
            change = None if best is None else StoredChange(base, drawn.values[best], drawn.values[best] - base)
            st.metric(
                f"{metric_title(metric)}, validation",
                format_metric(metric, base) if change is None else format_values(metric, change),
                None if change is None else format_difference(metric, change.difference, unit=True),
                border=True,
                height="stretch",
            )
        speed = f"{status.pairs_per_second:,.0f}" if status.pairs_per_second else None
        st.metric("Examples a second", speed, border=True, height="stretch")
        st.metric(
            "Time" if run.ended else "Time so far",
            format_duration(run.seconds) if run.seconds else None,
            border=True,
            height="stretch",
            help="Of the training, in all its attempts.",
        )
        st.metric("Memory", format_bytes(status.memory) or None, border=True, height="stretch")
        st.metric(
            "To keep on disk",
            format_bytes(cache.disk_bytes(run.folder)),
            border=True,
            height="stretch",
            help="Model, checkpoints, snapshots, map.",
        )


def _best_text(drawn: TrainingCurves) -> str:
    if drawn.best is None:
        return "none"
    return f"{format_metric(drawn.metric, drawn.values[drawn.best])} at epoch {drawn.epochs[drawn.best]:g}"
