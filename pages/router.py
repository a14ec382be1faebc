"""Navigation and what every page has around it: notices, and one poller while the queue is busy."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lib.store.permission import must_be_editor
from lib.ui.shared import polling, restore_backup, state
from lib.ui.shared.access import AccessRole
from lib.ui.shared.components import catch_errors
from lib.ui.shared.session_role import ask_to_sign_in, is_for_editors, session_role

st.set_page_config(page_title="Closer", page_icon=str(Path(state.__file__).with_name("icon.svg")), layout="wide")

role = session_role()
if role is None:
    ask_to_sign_in()

page = st.navigation(
    [
        st.Page(
            "overview.py",
            title="Overview",
            icon=":material/home:",
            help="First steps, all datasets and all runs.",
            default=True,
        ),
        st.Page(
            "upload.py",
            title="Upload",
            icon=":material/upload_file:",
            help="Upload pairs of texts, check and split them.",
        ),
        st.Page(
            "train.py",
            title="Train",
            icon=":material/model_training:",
            help="Choose data, models and settings; follow a training.",
        ),
        st.Page(
            "explore.py",
            title="Explore",
            icon=":material/explore:",
            help="Evaluation, map and per-pair results.",
        ),
    ],
    position="hidden" if state.is_presenting() else "top",
)

polling.show_notices()
with catch_errors():
    if role is not AccessRole.EDITOR and is_for_editors(page.url_path):
        must_be_editor()
    page.run()
polling.watch_queue()
restore_backup.offer_restore()
