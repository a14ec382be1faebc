"""What the server does with a bug: the person sees one calm box, the log file gets the traceback."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

import streamlit as st

from lib.store.layout import WorkspacePaths

LOG_BYTES = 2_000_000
_log = logging.getLogger("closer")


def keep_log(home: Path) -> Path:
    """Write warnings and errors of the server to a file in the workspace, and return it."""
    path = WorkspacePaths(home).log("server")
    path.parent.mkdir(parents=True, exist_ok=True)
    if not any(getattr(handler, "baseFilename", "") == str(path) for handler in _log.handlers):
        handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        _log.addHandler(handler)
    return path


def show_failure(error: BaseException) -> bool:
    """Log an error that no one expected and say so on the page; True keeps Streamlit from showing a trace."""
    _log.error("A page failed", exc_info=error)
    st.error(
        "This part of the page met something unforeseen. Your data, runs and trainings are not touched. "
        "Reload the page to go on; the workspace's logs/server.log says what happened.",
        title="Something went wrong",
        icon=":material/error:",
    )
    return True
