"""Small pieces that pages share: plain text, numbers in words, badges, errors, empty states, the run picker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from lib.errors import CloserError, DamagedError
from lib.format import format_time
from lib.store.runs import Run
from lib.ui.shared import state

STATES = {
    "queued": ("Waiting", ":material/schedule:", "gray"),
    "running": ("Working", ":material/progress_activity:", "blue"),
    "cancelling": ("Stopping", ":material/stop_circle:", "orange"),
    "interrupted": ("Interrupted", ":material/bolt:", "orange"),
    "succeeded": ("Finished", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "cancelled": ("Cancelled", ":material/cancel:", "gray"),
}
"""State of a run or job -> words, icon, badge colour."""

SHAPES = {
    "pairs": "Positive pairs",
    "scored": "Pairs with a score",
    "labelled_pairs": "Pairs with a class",
    "triplets": "Triplets",
    "labelled_texts": "Texts with a class",
}


def plain(text: str) -> str:
    """Return text that markdown shows as it stands: every sign that could mean something is escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show an error meant for the user in place of what could not be drawn."""
    try:
        yield
    except CloserError as error:
        show_error(error)


def show_error(error: CloserError) -> None:
    """Show what is wrong, where, and what to do, in one box."""
    if isinstance(error, DamagedError):
        state.set_database_error(error)
    lines = [part for part in (error.where, error.what, error.todo) if part]
    st.error("  \n".join(plain(line) for line in lines), icon=":material/error:")


def state_badge(name: str) -> None:
    """Show a state as a badge with its icon, so that colour alone says nothing."""
    title, icon, colour = STATES.get(name, (name.capitalize(), ":material/help:", "gray"))
    st.badge(title, icon=icon, color=colour)  # type: ignore[arg-type]


def partial_badge(run: Run) -> None:
    """Say that a run's model is the best so far of a training that was cut short."""
    if run.state in ("cancelled", "failed") and run.is_partial:
        st.badge("Partial", icon=":material/timelapse:", color="orange", help="The best epoch before it was cut short.")


def empty(title: str, text: str, *, page: str, label: str, icon: str) -> None:
    """Show what is not there yet and the one step that changes it."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.subheader(title, anchor=False, text_alignment="center")
        st.caption(text, text_alignment="center")
        if st.button(label, icon=icon, type="primary", key=f"empty-{page}"):
            st.switch_page(page)


def pick_run(runs: Sequence[Run], *, label: str = "Run") -> Run | None:
    """Let the person choose a run; the one that the URL names is chosen, and the choice goes to the URL."""
    by_id = {run.id: run for run in runs}
    named = state.run_id()
    if not by_id:
        return None
    start = named if named in by_id else next(iter(by_id))
    titles = run_titles(runs)
    chosen = st.selectbox(
        label,
        list(by_id),
        index=list(by_id).index(start),
        format_func=titles.__getitem__,
        key=f"run-picker-{start}",
    )
    if named and named not in by_id and chosen == start:
        say_unknown()
    elif chosen != named:
        state.set_run_id(chosen)
    if chosen != start:
        st.rerun()
    return by_id[chosen]


def say_unknown() -> None:
    """Say that the address names a run that cannot be shown here, and that another one is."""
    named = " ".join((state.run_id() or "").split())[:40]
    st.warning(
        f"The run “{plain(named)}” that this link names is not here: it was deleted, has not ended, or lies in another workspace. "
        "The newest one is shown.",
        icon=":material/link_off:",
    )


def run_titles(runs: Sequence[Run]) -> dict[str, str]:
    """Return a title for each run by its id; runs of one name and minute are told apart by their ids."""
    titles = {run.id: run_title(run) for run in runs}
    often = Counter(titles.values())
    return {identity: f"{title} · {identity}" if often[title] > 1 else title for identity, title in titles.items()}


def run_title(run: Run) -> str:
    """Return a run's name with when it was made: names may repeat."""
    star = "★ " if run.starred else ""
    return f"{star}{run.name} · {format_time(run.created)}"


def verdict_badge(verdict: str) -> None:
    """Show the verdict of a run as a badge."""

    if verdict == "better":
        st.badge("Better", icon=":material/trending_up:", color="green")
    elif verdict == "worse":
        st.badge("Worse", icon=":material/trending_down:", color="orange")
    elif verdict:
        st.badge("No clear change", icon=":material/trending_flat:", color="gray")
