"""Explore: what changed for the held-out pairs, on the map and pair by pair.

Both models can be tried on a person's own texts, too.
"""

from __future__ import annotations

import streamlit as st

from lib.store.workspace import open_workspace
from lib.ui.explore import sections
from lib.ui.shared import state
from lib.ui.shared.components import catch_errors, show_empty_state, show_failed_run


def page() -> None:
    """Draw the page: the run, then its sections from the verdict to the playground."""
    runs = sections.explorable_runs(open_workspace())
    if not runs:
        _show_next_step()
        return
    run = sections.presented_run(runs) if state.is_presenting() else sections.choose_run(runs)
    if run is not None:
        sections.show_sections(run)


def _show_next_step() -> None:
    st.title("Explore", anchor=False)
    show_failed_run()
    show_empty_state(
        "Nothing to explore yet",
        "Train a model first; its evaluation, map and pairs appear here.",
        page=state.TRAIN_PAGE,
        label="Train a model",
        icon=":material/model_training:",
    )


with catch_errors():
    page()
