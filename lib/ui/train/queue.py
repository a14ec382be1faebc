"""The queue: open and failed jobs in order, with buttons to move, cancel and retry them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lib.jobs.kinds import is_background, title_of
from lib.jobs.own_worker import own_worker
from lib.settings import MAX_CLUSTER_TRAININGS
from lib.store.jobs import OPEN, Job
from lib.store.workspace import Workspace
from lib.ui.shared import state
from lib.ui.shared.components import catch_errors, escape_markdown, show_state_badge
from lib.ui.shared.edit_button import edit_button

_MAX_FAILED = 3
"""Failed jobs that are listed, the latest."""


def show_queue(workspace: Workspace) -> None:
    """Draw the queue; nothing where no job is open or failed recently."""
    titles = _titles(workspace)
    open_jobs = [job for job in workspace.jobs.all(states=OPEN) if _owner(job) in titles]
    ended = [job for job in workspace.jobs.all(states=("failed",)) if not is_background(job.kind)]
    failed = [job for job in ended if _owner(job) in titles][-_MAX_FAILED:]
    if not all(is_background(job.kind) for job in open_jobs):  # alone, they are shown where they were asked for
        st.subheader("Queue", anchor=False)
        st.caption(_order_note(has_cluster=any(own_worker(workspace, job) is not None for job in open_jobs)))
        _show_jobs(workspace, titles, open_jobs)
    if failed:
        with st.expander(f"Recent failures ({len(failed)})", icon=":material/error:"):
            _show_jobs(workspace, titles, failed)


def _order_note(*, has_cluster: bool) -> str:
    """Say which jobs run at a time."""
    if not has_cluster:
        return "One job runs at a time; the others wait in this order."
    return (
        f"One job runs at a time on this machine, and beside it up to {MAX_CLUSTER_TRAININGS} trainings on Ray clusters; "
        "the others wait in this order."
    )


def _titles(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Map the id of each run to (name, base model), and of each dataset to (name, "")."""
    datasets = {dataset.id: (dataset.name, "") for dataset in workspace.datasets.all()}
    return datasets | {run.id: (run.name, run.model) for run in workspace.runs.all()}


def _owner(job: Job) -> str:
    return job.run or job.dataset


def _show_jobs(workspace: Workspace, titles: dict[str, tuple[str, str]], jobs: Sequence[Job]) -> None:
    waiting = [job.id for job in jobs if job.state == "queued"]
    for job in jobs:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            show_state_badge(job.state)
            with st.container(gap=None):
                name, model = titles[_owner(job)]
                model = model or job.payload.get("model", "")
                st.text(name)
                st.caption(" · ".join([title_of(job.kind), *([escape_markdown(model)] if model else [])]))
                if job.state == "failed":
                    st.text(job.reason)
            _show_buttons(workspace, job, waiting)


def _show_buttons(workspace: Workspace, job: Job, waiting: list[int]) -> None:
    if job.run and st.button("Open", key=f"open-{job.id}", icon=":material/open_in_full:", type="tertiary"):
        st.switch_page(state.TRAIN_PAGE, query_params={state.RUN_PARAM: job.run})
    position = waiting.index(job.id) if job.id in waiting else None
    changed = False
    with catch_errors():
        if position is not None and len(waiting) > 1:
            if edit_button(
                "Up", key=f"up-{job.id}", icon=":material/arrow_upward:", disabled=position == 0, type="tertiary"
            ):
                workspace.jobs.move(job.id, -1)
                changed = True
            last = position == len(waiting) - 1
            if edit_button(
                "Down", key=f"down-{job.id}", icon=":material/arrow_downward:", disabled=last, type="tertiary"
            ):
                workspace.jobs.move(job.id, 1)
                changed = True
        if (job.state == "queued" or (job.state == "running" and not job.run)) and edit_button(
            "Cancel", key=f"drop-{job.id}", icon=":material/close:", type="tertiary"
        ):
            workspace.jobs.cancel(job.id)
            changed = True
        if job.state == "failed" and edit_button(
            "Try again", key=f"again-{job.id}", icon=":material/replay:", type="tertiary"
        ):
            workspace.jobs.retry(job.id)
            changed = True
    if changed:
        st.rerun()
