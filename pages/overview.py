"""First steps; all datasets and runs, side by side."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui import first_steps, overview_parts
from lib.ui.components import errors_shown

with errors_shown():
    workspace = open_workspace()
    runs, datasets = workspace.runs.all(), workspace.datasets.all()
    if not runs:
        first_steps.show(workspace, datasets)
        overview_parts.remains(workspace)
    else:
        st.title("Overview", anchor=False)
        overview_parts.show(workspace, runs, datasets)
