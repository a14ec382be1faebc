"""Set up a training, or watch one: /train?run=ID."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.shared import state
from lib.ui.shared.components import catch_errors
from lib.ui.train import form, queue
from lib.ui.train.watch import watch_run

with catch_errors():
    workspace = open_workspace()
    watched = state.run_id()
    if watched:
        state.clear_submission_key("train")
        state.clear_submission_key("sample")
        if st.button("Set up another training", icon=":material/arrow_back:", type="tertiary"):
            state.set_run_id(None)
            st.rerun()
        with catch_errors():
            watch_run(watched)
    else:
        st.title("Train", anchor=False)
        with catch_errors():
            form.show_training_form(workspace)
    queue.show_queue(workspace)
