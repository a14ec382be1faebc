"""Poll the queue: redraw while work runs, announce what ended, show notices above every page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import streamlit as st

from lib.errors import CloserError
from lib.jobs.kinds import is_background
from lib.store.jobs import LIVE, OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from lib.ui.shared import state, supervisor_status
from lib.ui.shared.components import catch_errors, escape_markdown, show_error
from lib.ui.shared.open_pages import is_outdated, poll_seconds
from lib.ui.shared.push_listener import mount_push_listener


@dataclass(frozen=True)
class QueueChange:
    """What a poll found: has a run ended, is a job open, has the queue changed.

    Since this session's last poll.
    """

    has_ended: bool
    is_busy: bool
    has_changed: bool
    is_first: bool
    """Whether this session had not polled before."""


def show_notices() -> None:
    """Draw stored notices, and the supervisor's state where it is not the usual one."""
    state.set_polling(False)
    for icon, text in state.pop_notices():
        st.toast(text, icon=icon, duration="long")
    if error := supervisor_status.supervisor_error():
        st.warning(
            f"The job supervisor hit an error and is retrying: {escape_markdown(error)}",
            icon=":material/build:",
        )
    if supervisor_status.is_viewer():
        st.info(
            "Another Closer server manages this workspace and runs its jobs. You can still view and start everything "
            "here; this server takes over when the other one stops.",
            icon=":material/visibility:",
        )


def watch_queue() -> None:
    """Poll while something is queued or runs, unless a part of the page does; otherwise wait for a push."""
    mount_push_listener()
    try:
        queue = poll(open_workspace())
        _redirect()
    except CloserError as error:
        show_error(error)
        return
    if queue.has_ended:
        st.rerun()
    if queue.is_busy and not state.is_polling():
        repeat(_poll_again)


def repeat(draw: Callable[[float], None]) -> None:
    """Draw a part of a page now and again after each interval, which it is called with."""
    interval = poll_seconds()
    st.fragment(draw, run_every=interval)(interval)


def _poll_again(interval: float) -> None:
    with catch_errors():
        queue = poll(open_workspace())
        if queue.has_changed or not queue.is_busy or is_outdated(interval):
            st.rerun()


def redraw_while_running(job: Job, draw: Callable[[], None]) -> None:
    """Draw a part of a page that shows a job: again every few seconds while a worker is at it.

    Of one run one job is worked on at a time, so one part of a page polls, for the whole page. A part whose job is queued is redrawn when the queue changes.
    """
    if job.state in LIVE and not state.is_polling():
        state.set_polling(True)
        repeat(lambda interval: _redraw(draw, interval))
    else:
        draw()


def _redraw(draw: Callable[[], None], interval: float) -> None:
    with catch_errors():
        queue = poll(open_workspace())
        if queue.has_ended or not queue.is_busy or (queue.has_changed and not queue.is_first) or is_outdated(interval):
            st.rerun()
        draw()


def _redirect() -> None:
    """Open Explore when the sample that was started is finished."""
    identity = state.redirect_run()
    if identity is None:
        return
    workspace = open_workspace()
    if not has_open_job(workspace, identity):
        state.cancel_redirect()
        if workspace.runs.get(identity).state == "succeeded" and state.run_id() == identity:
            st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: identity})


def awaited_jobs(jobs: Iterable[Job]) -> list[Job]:
    """Leave out background jobs: a run is finished while its map by plain UMAP is still to come."""
    return [job for job in jobs if not is_background(job.kind)]


def has_open_job(workspace: Workspace, run: str) -> bool:
    """Whether any job of the run that somebody waits for is queued or running."""
    return bool(awaited_jobs(workspace.jobs.all(run=run, states=OPEN)))


def poll(workspace: Workspace) -> QueueChange:
    """Read the queue and store a notice for each run that ended since this session's last poll."""
    jobs = [job for job in workspace.jobs.all(states=OPEN) if job.run]  # others are polled where they are shown
    busy = {job.run for job in awaited_jobs(jobs)}
    ended = state.open_runs() - busy
    for identity in ended:
        _announce_end(workspace, identity)
    state.set_open_runs(busy)
    queue = tuple((job.id, job.state, job.position) for job in jobs)
    before = state.swap_queue_snapshot(queue)
    return QueueChange(bool(ended), bool(jobs), before != queue, before is None)


def _announce_end(workspace: Workspace, identity: str) -> None:
    try:
        run = workspace.runs.get(identity)
    except CloserError:
        return  # it was removed for good
    if run.deleted is None:
        icon, text = end_notice(run)
        state.add_notice(text, icon)


def end_notice(run: Run) -> tuple[str, str]:
    """Write icon and text of the toast for a run that ended."""
    name = escape_markdown(run.name)
    if run.state == "succeeded":
        return ":material/check_circle:", f"{name} has finished. [Open in Explore](/explore?run={run.id})"
    if run.state == "failed":
        return ":material/error:", f"{name} failed. [See why](/train?run={run.id})"
    return ":material/info:", f"{name}: {escape_markdown(run.state)}. [Open](/train?run={run.id})"
