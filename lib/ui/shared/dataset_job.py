"""Progress of a job on a dataset alone, where it was asked for."""

from __future__ import annotations

import streamlit as st

from lib.jobs.events import events_path, read_events
from lib.jobs.status import fold
from lib.store.jobs import Job
from lib.store.workspace import open_workspace
from lib.ui.shared.components import catch_errors, escape_markdown
from lib.ui.shared.open_pages import poll_seconds


def show_dataset_job(job: Job) -> None:
    """Draw stage and progress of an open job, again every few seconds.

    The page reruns when its state changes.
    """
    st.fragment(_draw, run_every=poll_seconds())(job.id, job.state)


def _draw(identity: int, state: str) -> None:
    with catch_errors():
        workspace = open_workspace()
        job = workspace.jobs.get(identity)
        if job.state != state:
            st.rerun()
        if job.state == "queued":
            st.caption(":material/schedule: Queued ...")
            return
        status = fold(read_events(events_path(workspace, job))[0])
        detail = f": {status.detail}" if status.detail else ""
        text = escape_markdown(f"{status.stage.capitalize() or 'Starting'}{detail}")
        st.progress(status.fraction, text=f"{text} ...")
