"""The role of the session that runs: what its pages offer, and what the workspace lets it change."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lib.ui.shared import state
from lib.ui.shared.access import AccessRole, current_access


def session_role() -> AccessRole | None:
    """Look up the role of the one whose page runs; an editor outside a session: the server itself acts."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return AccessRole.EDITOR
    return current_access().role(st.context.cookies)


def session_may_change() -> bool:
    """Whether the session may change the workspace: the rule of lib.store.permission in the server."""
    return session_role() is AccessRole.EDITOR


def is_for_editors(page: str) -> bool:
    """Whether a page, by its path, is there to change things.

    On Train a viewer can follow a run.
    """
    return page == "upload" or (page == "train" and not state.run_id())


def ask_to_sign_in() -> None:
    """Draw what one sees who is not known, and end the page."""
    st.title("Closer", anchor=False)
    if st.user.get("is_logged_in"):
        st.text("Your account has no access to this workspace. Ask its owner.")
        st.button("Sign out", on_click=st.logout)
    else:
        st.text("Sign in to see this workspace.")
        st.button("Sign in", type="primary", on_click=st.login)
    st.stop()
