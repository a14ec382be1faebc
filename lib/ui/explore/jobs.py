"""Jobs that the sections of Explore queue and follow: evaluation, experiments, map."""

from __future__ import annotations

import streamlit as st

from lib.format import format_duration
from lib.store.jobs import OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.shared import cache, polling, state
from lib.ui.shared.components import escape_markdown


def find_open_job(run: Run, *kinds: str) -> Job | None:
    """Find the run's job that waits or works, the kind that is named first before the others."""
    jobs = open_workspace().jobs.all(states=OPEN, run=run.id)
    return next((job for kind in kinds for job in jobs if job.kind == kind), None)


def submit_job(run: Run, kind: str, **payload: object) -> None:
    """Queue a job of this run and draw the page again; a double click is one job."""
    form = f"{kind}-{run.id}"
    open_workspace().jobs.submit(kind, run=run.id, payload=payload, key=f"{form}-{state.submission_key(form)}")
    state.clear_submission_key(form)
    st.rerun()


def show_progress(run: Run, *kinds: str, title: str) -> bool:
    """Show the progress of the run's open job of these kinds; False without one.

    The page reruns when it ends.
    """
    job = find_open_job(run, *kinds)
    if job is None:
        return False
    polling.redraw_while_running(job, lambda: _show_status(run, find_open_job(run, *kinds) or job, title))
    return True


def _show_status(run: Run, job: Job, title: str) -> None:
    """Show stage, progress and the time left of a job."""
    status = cache.run_status(run)
    waiting = job.state == "queued"
    stage = "waiting in the queue" if waiting else (status.stage or "starting")
    detail = f", {status.detail}" if status.detail and not waiting else ""
    left = "" if waiting or status.seconds_left is None else f" · about {format_duration(status.seconds_left)} left"
    with st.status(escape_markdown(f"{title}: {stage}{detail}{left}"), state="running", expanded=True):
        st.progress(0.0 if waiting else min(1.0, max(0.0, status.fraction or 0.0)))


def show_last_failure(run: Run, kind: str) -> None:
    """Show why the last job of this kind failed, if it did."""
    last = open_workspace().jobs.all(run=run.id, kind=kind)
    if last and last[-1].state == "failed":
        st.warning(escape_markdown(last[-1].reason or "The job failed."), icon=":material/error:")
