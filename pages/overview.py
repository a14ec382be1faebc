"""Overview: first steps, then all datasets and runs."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.overview.open_file import show_open_file
from lib.ui.overview.sections import show_cleanup, show_overview
from lib.ui.overview.welcome import show_welcome
from lib.ui.shared.components import catch_errors


def page() -> None:
    """Draw the page: the first steps, or the runs and datasets of a workspace in use."""
    workspace = open_workspace()
    runs, datasets = workspace.runs.all(), workspace.datasets.all()
    if runs:
        st.title("Overview", anchor=False)
        show_overview(workspace, runs, datasets)
    else:
        show_welcome(workspace, datasets)
        show_cleanup(workspace)
    show_open_file(workspace)


with catch_errors():
    page()
