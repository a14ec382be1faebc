"""The buttons of a run: cancel, try again, explore, restore."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib.store.jobs import OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.shared import state
from lib.ui.shared.edit_button import edit_button


def show_run_controls(workspace: Workspace, run: Run, jobs: Sequence[Job]) -> None:
    """Draw the buttons that the run's state allows."""
    open_jobs = [job for job in jobs if job.state in OPEN]
    if run.deleted is not None:
        _show_restore(workspace, run)
    elif open_jobs:
        if all(job.state != "cancelling" for job in open_jobs):
            _show_cancel(workspace, run, open_jobs)
    else:
        if run.state in ("failed", "cancelled"):
            _show_retry(workspace, run)
        _show_repeat(run)
        if run.model_dir.is_dir():
            _show_explore(run)


def _show_restore(workspace: Workspace, run: Run) -> None:
    if edit_button("Restore", key=f"undelete-{run.id}", icon=":material/undo:", help="Restore this deleted run."):
        workspace.runs.restore(run.id)
        st.rerun(scope="app")


def _show_cancel(workspace: Workspace, run: Run, jobs: Sequence[Job]) -> None:
    with st.popover("Cancel", icon=":material/stop_circle:"):
        st.write("Cancel this run? The best model so far is kept and marked as partial.")
        if edit_button("Cancel run", key=f"cancel-{run.id}", type="primary"):
            for job in jobs:
                workspace.jobs.cancel(job.id)
            st.rerun(scope="app")


def _show_retry(workspace: Workspace, run: Run) -> None:
    help_text = "Continues from the newest valid checkpoint."
    if edit_button("Try again", key=f"retry-{run.id}", icon=":material/replay:", help=help_text):
        workspace.jobs.retry(run.job)
        st.rerun(scope="app")


def _show_repeat(run: Run) -> None:
    help_text = "Opens the form with this run's data, base model and settings, to change some and start."
    if edit_button("New run from this run", key=f"like-{run.id}", icon=":material/content_copy:", help=help_text):
        st.switch_page(state.TRAIN_PAGE, query_params={state.LIKE_PARAM: run.id, state.DATASET_PARAM: run.dataset})


def _show_explore(run: Run) -> None:
    if st.button("Explore", key=f"explore-{run.id}", icon=":material/explore:", type="primary"):
        st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: run.id})
