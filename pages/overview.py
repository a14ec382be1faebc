"""First steps; all datasets and runs, side by side."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.overview import sections, welcome
from lib.ui.shared.components import catch_errors

with catch_errors():
    workspace = open_workspace()
    runs, datasets = workspace.runs.all(), workspace.datasets.all()
    if not runs:
        welcome.show_welcome(workspace, datasets)
        sections.show_cleanup(workspace)
    else:
        st.title("Overview", anchor=False)
        sections.show_overview(workspace, runs, datasets)
