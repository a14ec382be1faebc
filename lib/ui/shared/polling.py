"""What runs now: the one poller, the announcement of ends, and the view of one run while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from lib.errors import CloserError
from lib.store.jobs import LIVE, OPEN, Job
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from lib.ui.server import push, supervisor_status
from lib.ui.shared import state
from lib.ui.shared.components import errors_shown, plain, show_error
from lib.ui.train import run_view

EVERY_SECONDS = 2


def begin() -> None:
    """Draw what stands above every page: notices that were left, and whether this server only watches."""
    state.set_polling(False)
    for icon, text in state.pop_notices():
        st.toast(text, icon=icon, duration="long")
    if supervisor_status.trouble():
        st.warning(
            f"The part of the server that starts trainings met a problem and tries again every second: {plain(supervisor_status.trouble())}",
            icon=":material/build:",
        )
    if supervisor_status.only_watches():
        st.info(
            "Another Closer server looks after this workspace. Everything can be seen and started here; "
            "the other one does the work, and this one takes over when it ends.",
            icon=":material/visibility:",
        )


def keep_watch() -> None:
    """Look every two seconds while something waits or works, unless the page itself does; otherwise wait to be woken."""
    push.listen()
    try:
        seen = look(open_workspace())
        _lead_on()
    except CloserError as error:
        show_error(error)
        return
    if seen.ended:
        st.rerun()
    if seen.running and not state.is_polling():
        _poller()


def show(identity: str) -> None:
    """Draw one run; while it waits or works the page looks again every two seconds."""
    workspace = open_workspace()
    if is_open(workspace, identity):
        state.set_polling(True)
        _watched_run(identity)
    else:
        run_view.show(workspace, workspace.runs.get(identity))


@st.fragment(run_every=EVERY_SECONDS)
def _poller() -> None:
    with errors_shown():
        seen = look(open_workspace())
        if seen.changed or not seen.running:
            st.rerun()


@st.fragment(run_every=EVERY_SECONDS)
def _watched_run(identity: str) -> None:
    with errors_shown():
        workspace = open_workspace()
        seen = look(workspace)
        if seen.ended or (seen.changed and seen.known) or not is_open(workspace, identity):
            st.rerun()
        run_view.show(workspace, workspace.runs.get(identity))


def follow(job: Job, draw: Callable[[], None]) -> None:
    """Draw a part of a page that tells of a job: anew every two seconds while a worker is at it.

    One job works at a time, so one part of a page polls, for the whole page. A part whose job waits is drawn anew when the queue changes.
    """
    if job.state in LIVE and not state.is_polling():
        state.set_polling(True)
        _followed(draw)
    else:
        draw()


@st.fragment(run_every=EVERY_SECONDS)
def _followed(draw: Callable[[], None]) -> None:
    with errors_shown():
        seen = look(open_workspace())
        if seen.ended or not seen.running or (seen.changed and seen.known):
            st.rerun()
        draw()


def _lead_on() -> None:
    """Take the person to Explore when the sample that they started is finished."""
    identity = state.redirect_run()
    if identity is None:
        return
    workspace = open_workspace()
    if not is_open(workspace, identity):
        state.cancel_redirect()
        if workspace.runs.get(identity).state == "succeeded" and state.run_id() == identity:
            st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: identity})


def is_open(workspace: Workspace, identity: str) -> bool:
    """Say whether any job of the run waits or works."""
    return bool(workspace.jobs.all(run=identity, states=OPEN))


@dataclass(frozen=True)
class Seen:
    """What one look at the queue found; `known` says that this window had looked before."""

    ended: bool
    running: bool
    changed: bool
    known: bool


def look(workspace: Workspace) -> Seen:
    """Look at the queue and leave a notice for each run that ended since this window last looked."""
    jobs = [job for job in workspace.jobs.all(states=OPEN) if job.run]  # others are polled where they are shown
    now = {job.run for job in jobs}
    ended = state.open_runs() - now
    for identity in ended:
        _announce(workspace, identity)
    state.set_open_runs(now)
    picture = tuple((job.id, job.state, job.position) for job in jobs)
    before = state.swap_queue_snapshot(picture)
    return Seen(bool(ended), bool(now), before != picture, before is not None)


def _announce(workspace: Workspace, identity: str) -> None:
    try:
        run = workspace.runs.get(identity)
    except CloserError:
        return  # it was removed for good
    if run.deleted is None:
        icon, text = announcement(run)
        state.add_notice(text, icon)


def announcement(run: Run) -> tuple[str, str]:
    """Return icon and text of the toast for a run that ended."""
    name = plain(run.name)
    if run.state == "succeeded":
        return ":material/check_circle:", f"{name} has finished. [Open it in Explore](/explore?run={run.id})"
    if run.state == "failed":
        return ":material/error:", f"{name} has failed. [See why](/train?run={run.id})"
    return ":material/info:", f"{name}: {plain(run.state)}. [Open it](/train?run={run.id})"
