"""Small pieces that pages share: escaped text, badges, errors, empty states, the run picker."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from lib.errors import CloserError, DamagedError, InputError
from lib.escapes import escape_controls
from lib.format import format_time
from lib.recipe.presets import changed_settings
from lib.recipe.setting_texts import describe_setting
from lib.shapes import Shape
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.shared import state
from lib.ui.shared.edit_button import edit_button

STATE_LABELS = {
    "queued": ("Queued", ":material/schedule:", "gray"),
    "running": ("Running", ":material/progress_activity:", "blue"),
    "cancelling": ("Cancelling", ":material/stop_circle:", "orange"),
    "interrupted": ("Interrupted", ":material/bolt:", "orange"),
    "succeeded": ("Finished", ":material/check_circle:", "green"),
    "failed": ("Failed", ":material/error:", "red"),
    "cancelled": ("Cancelled", ":material/cancel:", "gray"),
}
"""State of a run or job -> label, icon, badge colour."""

SHAPE_TITLES = {
    Shape.PAIRS: "Positive pairs",
    Shape.SCORED: "Pairs with a score",
    Shape.LABELLED_PAIRS: "Pairs with a class",
    Shape.TRIPLETS: "Triplets",
    Shape.LABELLED_TEXTS: "Texts with a class",
}


_WORD_JOINER = "\u2060"
"""Invisible and without width: it splits what markdown would replace after the escapes are gone."""

_REPLACED_AFTER_ESCAPES = re.compile(
    r"(?<=:)(?=//)"  # http://
    r"|(?<=www)(?=\.)"  # www.
    r"|(?=@)"  # an address of mail
    r"|(?<=:)(?=[\w+-]+:)",  # :icon:, an emoji or an image
    re.IGNORECASE,
)
"""Where GitHub's markdown makes links and Streamlit icons of text that has no markup (micromark, remark-emoji)."""


def escape_markdown(text: str) -> str:
    """Escape every character that means something to markdown, so that a text is shown as it is.

    Addresses are shown too, but never as a link.
    """
    shown = escape_controls(" ".join(text.split()))
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", _REPLACED_AFTER_ESCAPES.sub(_WORD_JOINER, shown))


@contextmanager
def catch_errors() -> Iterator[None]:
    """Show an error for the user in place of what could not be drawn."""
    try:
        yield
    except CloserError as error:
        show_error(error)


def show_error(error: CloserError) -> None:
    """Show what is wrong, where, and what to do, in one box."""
    if isinstance(error, DamagedError):
        state.set_database_error(error)
    lines = [part for part in (error.where, error.what, error.todo) if part]
    st.error("  \n".join(escape_markdown(line) for line in lines), icon=":material/error:")


def show_state_badge(name: str) -> None:
    """Show a state as a badge with an icon: colour is never the only sign."""
    title, icon, colour = STATE_LABELS.get(name, (escape_markdown(name.capitalize()), ":material/help:", "gray"))
    st.badge(title, icon=icon, color=colour)  # type: ignore[arg-type]


def show_unchanged(run: Run) -> bool:
    """Show that a training changed no weight; False where it changed some."""
    if run.is_unchanged:
        st.warning(
            "This training changed no weight: the tuned model is the base model. Raise the learning rate, or train more "
            "epochs.",
            icon=":material/warning:",
        )
    return run.is_unchanged


def show_partial_badge(run: Run) -> None:
    """Mark a run whose model is the best epoch of a training that was cut short."""
    if run.state in ("cancelled", "failed") and run.is_partial:
        st.badge(
            "Partial",
            icon=":material/timelapse:",
            color="orange",
            help="The best epoch before training was interrupted.",
        )


def show_empty_state(title: str, text: str, *, page: str, label: str, icon: str) -> None:
    """Show what is missing and the one step that provides it."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.subheader(title, anchor=False, text_alignment="center")
        st.caption(text, text_alignment="center")
        draw = st.button if page == state.EXPLORE_PAGE else edit_button  # the other pages are there to change things
        if draw(label, icon=icon, type="primary", key=f"empty-{page}"):
            st.switch_page(page)


def pick_run(runs: Sequence[Run], *, label: str = "Run") -> Run | None:
    """Draw a select box of the runs, bound to the run in the URL; None where there is no run."""
    by_id = {run.id: run for run in runs}
    named = state.run_id()
    if not by_id:
        return None
    start = named if named in by_id else next(iter(by_id))
    titles = run_titles(runs)
    identity = st.selectbox(
        label,
        list(by_id),
        index=list(by_id).index(start),
        format_func=titles.__getitem__,
        key=f"run-picker-{start}",
        label_visibility="collapsed",
    )
    if named and named not in by_id and identity == start:
        warn_unknown_run()
    elif identity != named:
        state.set_run_id(identity)
    if identity != start:
        st.rerun()
    return by_id[identity]


def warn_unknown_run() -> None:
    """Say why the run that the URL names cannot be shown, and that the newest one is shown instead."""
    if not show_failed_run(then=" Showing the newest run."):
        named = " ".join((state.run_id() or "").split())[:40]
        st.warning(
            f"The run “{escape_markdown(named)}” isn't available: it was deleted, hasn't finished, or belongs to another "
            "workspace. Showing the newest run.",
            icon=":material/link_off:",
        )


def show_failed_run(*, then: str = "") -> bool:
    """Show that the run that the URL names failed, and why; return whether it did."""
    run = next((one for one in open_workspace().runs.all() if one.id == state.run_id()), None)
    if run is None or run.state != "failed":
        return False
    text = (
        f"The run “{escape_markdown(run.name)}” failed: {escape_markdown(run.reason or 'no reason was stored.')}{then}"
    )
    st.error(text, icon=":material/error:")
    return True


def run_titles(runs: Sequence[Run]) -> dict[str, str]:
    """Title each run by its id; titles that would be equal get the id appended."""
    titles = {run.id: run_title(run) for run in runs}
    often = Counter(titles.values())
    return {identity: f"{title} · {identity}" if often[title] > 1 else title for identity, title in titles.items()}


def run_title(run: Run) -> str:
    """Title a run by name and time: names may repeat."""
    star = "★ " if run.starred else ""
    return f"{star}{run.name} · {format_time(run.created)}"


def show_verdict_badge(verdict: str) -> None:
    """Show the verdict of a run as a badge; nothing for a run without one."""
    if verdict == "better":
        st.badge("Better", icon=":material/trending_up:", color="green")
    elif verdict == "worse":
        st.badge("Worse", icon=":material/trending_down:", color="orange")
    elif verdict:
        st.badge("No clear change", icon=":material/trending_flat:", color="gray")


def settings_summary(run: Run, *, without: str = "") -> str:
    """Write a run's settings that differ from Recommended in one line: "epochs 9, batch size 16".

    without: a setting that is left out.
    """
    try:
        changed = changed_settings(run.recipe)
    except InputError:  # one damaged recipe must not hide the other runs
        return "unreadable settings"
    shown = [describe_setting(name, value) for name, value in changed.items() if name != without]
    return ", ".join(shown) or "Recommended"
