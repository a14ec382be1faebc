"""Progress of a run: its three steps, the bar with the time left, failures, a stalled worker."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib.format import format_duration
from lib.jobs.kinds import title_of
from lib.jobs.locks import is_held, kill_worker, worker_lock
from lib.jobs.own_worker import own_worker
from lib.jobs.status import Status
from lib.recipe.options import RAY_CLUSTER
from lib.settings import MAX_CLUSTER_TRAININGS
from lib.store.jobs import LIVE, OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.shared.components import escape_markdown
from lib.ui.shared.edit_button import edit_button

_SILENT_SECONDS = 60
"""Without an event for so long, a worker counts as stalled."""

_STEPS = (("train", "Train"), ("evaluate", "Evaluate"), ("project", "Map"))
"""Kind of job -> title, in the order in which they follow each other."""


def show_run_progress(run: Run, jobs: Sequence[Job], status: Status) -> None:
    """Draw the steps, then the progress bar of the current one, or how the run ended."""
    if run.state == "failed":
        st.error(escape_markdown(run.reason) or "The run failed; see the log.", icon=":material/error:")
        return
    latest = {job.kind: job for job in sorted(jobs, key=lambda job: job.id)}
    _show_steps(latest)
    live = next((job for job in jobs if job.state in LIVE), None)
    if live is not None:
        st.progress(status.fraction, text=_progress_text(run, live, status))
    elif any(job.state in OPEN for job in jobs):
        wait = _wait_note(run) if run.state == "queued" else ""
        st.progress(0.0, text=f"Queued. {escape_markdown(run.reason) or wait}")
    elif run.state == "cancelled":
        st.info(escape_markdown(run.reason) or "Cancelled.", icon=":material/cancel:")
    for job in latest.values():
        if job.kind != "train" and job.state == "failed":
            st.warning(f"{title_of(job.kind)} failed: {escape_markdown(job.reason)}", icon=":material/warning:")


def _wait_note(run: Run) -> str:
    if run.recipe.where == RAY_CLUSTER:
        return f"Starts when fewer than {MAX_CLUSTER_TRAININGS} trainings on Ray clusters run."
    return "Starts when the jobs before it are done."


def _progress_text(run: Run, job: Job, status: Status) -> str:
    detail = f": {status.detail}" if status.detail else ""
    stage = escape_markdown(f"{status.stage.capitalize() or 'Starting'}{detail}")
    if job.state == "cancelling":
        return f"Cancelling; the best model so far is kept. {stage}"
    if status.seconds_left is None:
        return stage
    early = ", less with early stopping" if job.kind == "train" and run.recipe.patience else ""
    return f"{stage} · about {format_duration(status.seconds_left)} left{early}"


def _show_steps(latest: dict[str, Job]) -> None:
    with st.container(horizontal=True, gap="small"):
        for kind, title in _STEPS:
            state = latest[kind].state if kind in latest else ""
            if state == "succeeded":
                st.badge(title, icon=":material/check:", color="green")
            elif state in LIVE:
                st.badge(title, icon=":material/progress_activity:", color="blue")
            elif state == "failed":
                st.badge(title, icon=":material/close:", color="red")
            else:
                st.badge(title, icon=":material/circle:", color="gray")


def show_stalled_worker(workspace: Workspace, run: Run, jobs: Sequence[Job], status: Status) -> None:
    """Warn when a running run has written no event for a minute, and offer to restart its worker."""
    silent = status.seconds_silent
    running = next((job for job in jobs if job.state == "running"), None)
    if running is None or silent < _SILENT_SECONDS:
        return
    worker = own_worker(workspace, running)
    is_alive = is_held(worker_lock(workspace.home, worker))
    why = (
        "The worker is running but not reporting: it may be paused or short of memory."
        if is_alive
        else "The worker is gone."
    )
    with st.container(border=True):
        st.warning(
            f"No progress for {format_duration(silent)}. {why} Wait, restart the worker (it continues from the newest "
            "checkpoint), or cancel.",
            icon=":material/hourglass_disabled:",
        )
        if is_alive and edit_button("Restart worker", key=f"restart-{run.id}", icon=":material/restart_alt:"):
            kill_worker(workspace.home, worker)
            st.rerun(scope="app")
