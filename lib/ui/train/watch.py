"""The page of one run: drawn again every few seconds while the run is queued or running."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.shared import polling, state
from lib.ui.shared.components import catch_errors
from lib.ui.shared.open_pages import is_outdated
from lib.ui.train.run_view import show_run


def watch_run(identity: str) -> None:
    """Draw one run, and keep it current while any of its jobs is open."""
    workspace = open_workspace()
    if polling.has_open_job(workspace, identity):
        state.set_polling(True)
        polling.repeat(lambda interval: _redraw_run(identity, interval))
    else:
        show_run(workspace, workspace.runs.get(identity))


def _redraw_run(identity: str, interval: float) -> None:
    with catch_errors():
        workspace = open_workspace()
        queue = polling.poll(workspace)
        is_open = polling.has_open_job(workspace, identity)
        has_news = queue.has_ended or (queue.has_changed and not queue.is_first)
        if has_news or not is_open or is_outdated(interval):
            st.rerun()
        show_run(workspace, workspace.runs.get(identity))
