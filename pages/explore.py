"""What changed: the verdict on held-out pairs, the map, the pairs, and a box to try the model."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.explore import sections
from lib.ui.shared import state
from lib.ui.shared.components import empty, errors_shown

with errors_shown():
    workspace = open_workspace()
    ended = ("succeeded", "cancelled", "failed")  # of a training that was cut short, the best so far
    runs = [run for run in workspace.runs.all() if run.state in ended and run.model_dir.is_dir()]
    if not runs:
        st.title("Explore", anchor=False)
        empty(
            "Nothing to explore yet",
            "Train a model first; its verdict, map and pairs appear here.",
            page=state.TRAIN_PAGE,
            label="Train a model",
            icon=":material/model_training:",
        )
    else:
        sections.show(workspace, runs)
