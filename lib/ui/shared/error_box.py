"""What a page shows of an unexpected error: one calm box. The log file gets the traceback."""

from __future__ import annotations

import logging

import streamlit as st

_log = logging.getLogger("closer")


def show_bug(error: BaseException) -> bool:
    """Log an unexpected error and say so on the page; True keeps Streamlit from showing a traceback."""
    _log.error("A page failed", exc_info=error)
    st.error(
        "Your data and runs are safe. Reload the page to continue; details are in the workspace's logs/server.log.",
        title="Something went wrong here",
        icon=":material/error:",
    )
    return True
