"""Train: set up a training, or follow one: /train?run=ID."""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.shared import state
from lib.ui.shared.components import catch_errors
from lib.ui.shared.edit_button import edit_button
from lib.ui.train.form import show_training_form
from lib.ui.train.queue import show_queue
from lib.ui.train.watch import watch_run


def page() -> None:
    """Draw the page: the run that the URL names, or the form; the queue below."""
    workspace = open_workspace()
    run = state.run_id()
    if run:
        _show_back_button()
        with catch_errors():
            watch_run(run)
    else:
        st.title("Train", anchor=False)
        with catch_errors():
            show_training_form(workspace)
    show_queue(workspace)


def _show_back_button() -> None:
    state.clear_submission_key("train")
    state.clear_submission_key("sample")
    if edit_button("Set up another training", icon=":material/arrow_back:", type="tertiary"):
        state.set_run_id(None)
        st.rerun()


with catch_errors():
    page()
