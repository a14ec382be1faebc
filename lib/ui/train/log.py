"""A run's log: searchable, downloadable; what the worker wrote, never training texts."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from lib.jobs.events import Status
from lib.store.runs import Run

_MAX_LINES = 300


def show_log(run: Run, status: Status) -> None:
    """Draw the log, folded away until someone asks for it."""
    with st.expander(f"Log ({len(status.log)} lines)", icon=":material/article:"):
        if not status.log:
            st.caption("Nothing was written yet.")
            return
        lines = [format_line(entry) for entry in status.log]
        wanted = st.text_input("Search the log", key=f"log-search-{run.id}", icon=":material/search:")
        found = search_lines(lines, wanted)
        st.caption(
            f"{len(found)} of {len(lines)} lines" + (f", the last {_MAX_LINES}" if len(found) > _MAX_LINES else "")
        )
        st.code("\n".join(found[-_MAX_LINES:]) or "No line holds that.", language=None, height=260)
        st.download_button(
            "Download the log",
            "\n".join(lines),
            file_name=f"{run.id}-log.txt",
            icon=":material/download:",
            key=f"log-download-{run.id}",
            on_click="ignore",
        )
        if run.paths.log.is_file() and run.paths.log.stat().st_size:
            st.link_button(
                "Output of the worker",
                f"/download/{run.id}/log.txt",
                icon=":material/terminal:",
                help="What libraries printed, and what a crash outside of Python left.",
            )


def format_line(entry: dict[str, str]) -> str:
    """Return one entry of the log as a line with the local time."""
    moment = datetime.fromisoformat(entry["time"]).astimezone()
    level = "" if entry["level"] == "info" else f" {entry['level'].upper()}"
    return f"{moment:%H:%M:%S}{level}  {entry['text']}"


def search_lines(lines: list[str], wanted: str) -> list[str]:
    """Return the lines that hold all the wanted words, whatever their case."""
    words = wanted.casefold().split()
    return [text for text in lines if all(word in text.casefold() for word in words)]
