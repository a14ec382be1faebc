"""The server's log file: warnings, and the traceback of every page that failed."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from lib.store.layout import WorkspacePaths

_LOG_BYTES = 2_000_000
"""At which the file is renamed to server.log.1 and a new one begins."""

_log = logging.getLogger("closer")


def configure_log(home: Path) -> Path:
    """Write the server's warnings and errors to logs/server.log of the workspace; return that path."""
    path = WorkspacePaths(home).log("server")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():  # in a workspace of somebody else, which is not opened either
        return path
    if not any(getattr(handler, "baseFilename", "") == str(path) for handler in _log.handlers):
        handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        _log.addHandler(handler)
    return path
