"""The present mode: one step after the other, by buttons or keys; each fills the window.

Page Down and Page Up (a presenter's clicker) turn the buttons; so do the arrows, by the map's script.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lib.store.runs import Run
from lib.ui.explore.map.scripts import MAP_SCRIPTS
from lib.ui.shared import state

STEP_TITLES = {"verdict": "Verdict", "search": "Search", "play": "Map", "pairs": "Three pairs"}
"""The steps in their order, as the address names them, with their titles."""

_STYLE = Path(__file__).with_name("presentation.html").read_text(encoding="utf-8")
"""Larger texts; in the page only while it presents."""


def current_step() -> str:
    """Read the step that the address names; the first one where it names none."""
    step = state.present_step()
    return step if step in STEP_TITLES else next(iter(STEP_TITLES))


def show_presentation_header(run: Run) -> None:
    """Show the run's name, the step, the buttons to the steps beside it, and the way out."""
    steps, step = list(STEP_TITLES), current_step()
    number = steps.index(step)
    with st.container(key="present-style"):
        st.html(MAP_SCRIPTS, unsafe_allow_javascript=True)
        st.html(_STYLE)
    with st.container(horizontal=True, vertical_alignment="center", key=f"present-header-{step}"):
        st.text(run.name, width="stretch")
        st.caption(f"{number + 1} of {len(steps)} · {STEP_TITLES[step]}", width="content")
        _show_turn("Back", "present-back", ":material/arrow_back:", "PageUp", steps[max(number - 1, 0)], step)
        last = len(steps) - 1
        _show_turn("Next", "present-next", ":material/arrow_forward:", "PageDown", steps[min(number + 1, last)], step)
        st.button(
            "Exit presentation",
            icon=":material/close:",
            type="tertiary",
            key="exit-presentation",
            on_click=state.set_presenting,
            args=(False,),
        )


def _show_turn(label: str, key: str, icon: str, shortcut: str, target: str, step: str) -> None:
    """Draw the button that turns to another step; none beyond the first and the last."""
    st.button(
        label,
        key=key,
        icon=icon,
        shortcut=shortcut,
        disabled=target == step,
        on_click=state.set_present_step,
        args=(target,),
    )
