"""First steps; all datasets and runs, side by side."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.overview import sections, welcome
from lib.ui.shared.components import errors_shown

with errors_shown():
    workspace = open_workspace()
    runs, datasets = workspace.runs.all(), workspace.datasets.all()
    if not runs:
        welcome.show(workspace, datasets)
        sections.remains(workspace)
    else:
        st.title("Overview", anchor=False)
        sections.show(workspace, runs, datasets)
