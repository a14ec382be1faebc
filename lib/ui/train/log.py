"""A run's log, searchable and downloadable. It never holds training texts."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from lib.format import format_count
from lib.jobs.status import Status
from lib.progress import LogLine
from lib.store.runs import Run

_MAX_LINES = 300


def show_log(run: Run, status: Status) -> None:
    """Draw the log in a closed expander."""
    with st.expander(f"Log ({format_count(len(status.log), 'line')})", icon=":material/article:"):
        if not status.log:
            st.caption("The log is empty.")
            return
        lines = [format_line(entry) for entry in status.log]
        query = st.text_input("Search the log", key=f"log-search-{run.id}", icon=":material/search:")
        matches = search_lines(lines, query)
        st.caption(
            f"{len(matches):,} of {format_count(len(lines), 'line')}"
            + (f", showing the last {_MAX_LINES}" if len(matches) > _MAX_LINES else "")
        )
        st.code("\n".join(matches[-_MAX_LINES:]) or "No matching lines.", language=None, height=260)
        st.download_button(
            "Download log",
            "\n".join(lines),
            file_name=f"{run.id}-log.txt",
            icon=":material/download:",
            key=f"log-download-{run.id}",
            on_click="ignore",
        )
        if run.paths.log.is_file() and run.paths.log.stat().st_size:
            st.link_button(
                "Worker output",
                f"/download/{run.id}/log.txt",
                icon=":material/terminal:",
                help="Output of libraries, and of crashes outside Python.",
            )


def format_line(entry: LogLine) -> str:
    """Format a log entry as one line with the local time."""
    level = "" if entry.level == "info" else f" {entry.level.upper()}"
    return f"{_local_time(entry.time)}{level}  {entry.text}"


def _local_time(stored: str) -> str:
    """Format a stored UTC time as the local one; dashes for one that no clock can show."""
    try:
        return f"{datetime.fromisoformat(stored).astimezone():%H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "--:--:--"


def search_lines(lines: list[str], query: str) -> list[str]:
    """Filter the lines that contain all words of a query, ignoring case."""
    words = query.casefold().split()
    return [text for text in lines if all(word in text.casefold() for word in words)]
