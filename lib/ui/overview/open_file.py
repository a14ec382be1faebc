"""Open a run or dataset that another workspace wrote as a file."""

from __future__ import annotations

import streamlit as st

from lib.store.runs import Run
from lib.store.unarchive import open_archive
from lib.store.uploads import remove_upload, store_upload
from lib.store.workspace import Workspace
from lib.ui.shared import state
from lib.ui.shared.components import catch_errors
from lib.ui.shared.session_role import session_may_change

_FILE, _TAKEN = "open-run-file", "open-run-taken"


def show_open_file(workspace: Workspace) -> None:
    """Draw the uploader; a file that is whole becomes a run or dataset of this workspace."""
    if not session_may_change():
        return
    with st.expander("Open a run from a file", icon=":material/file_open:"):
        st.caption(
            "A file that “Download run”, “Download packed” or `python -m lib pack` wrote. It is checked whole before anything is taken."
        )
        uploaded = st.file_uploader("Packed run or dataset", type=["zip"], key=_FILE)
        if uploaded is None or st.session_state.get(_TAKEN) == uploaded.file_id:
            return
        with catch_errors(), st.spinner("Checking the file ..."):
            upload = store_upload(workspace.home, [(uploaded.name, uploaded)])
            try:
                item = open_archive(workspace, upload.files[0])
            finally:
                remove_upload(upload)
            st.session_state[_TAKEN] = uploaded.file_id
            if isinstance(item, Run):
                st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: item.id})
            st.switch_page(state.TRAIN_PAGE, query_params={state.DATASET_PARAM: item.id})
