"""Set up a training, or watch one: /train?run=ID."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.shared import polling, state
from lib.ui.shared.components import errors_shown
from lib.ui.train import form, queue

with errors_shown():
    workspace = open_workspace()
    watched = state.run_id()
    if watched:
        state.clear_submission_key("train")
        state.clear_submission_key("sample")
        if st.button("Set up another training", icon=":material/arrow_back:", type="tertiary"):
            state.set_run_id(None)
            st.rerun()
        with errors_shown():
            polling.show(watched)
    else:
        st.title("Train", anchor=False)
        with errors_shown():
            form.show(workspace)
    queue.show(workspace)
