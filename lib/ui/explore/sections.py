"""The sections of Explore in their order; one that is missing or fails says so and leaves the others alone."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

import streamlit as st

from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui.server.error_page import show_failure
from lib.ui.shared import state
from lib.ui.shared.components import errors_shown, pick_run, say_unknown

SECTIONS = (
    ("lib.ui.explore.evaluation.verdict", True),
    ("lib.ui.explore.map.section", True),
    ("lib.ui.explore.pairs.table", False),
    ("lib.ui.explore.evaluation.details", False),
    ("lib.ui.explore.playground", False),
)
"""Module with show(run), whether the present mode shows it."""


def show(workspace: Workspace, runs: Sequence[Run]) -> None:
    """Draw the run picker and every section of the chosen run."""
    run = _presented(runs) if state.is_presenting() else _picked(runs)
    if run is None:
        return
    for module, presented in SECTIONS:
        if presented or not state.is_presenting():
            with errors_shown():
                _section(module, run)


BUGS = (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What a section raises when its files are of another version or damaged: told there, and the other sections go on."""


def _section(module: str, run: Run) -> None:
    try:
        import_module(module).show(run)
    except BUGS as error:
        show_failure(error)


def _picked(runs: Sequence[Run]) -> Run | None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        run = pick_run(runs)
        if run is not None and st.button("Present", icon=":material/slideshow:", help="Only title, verdict and map"):
            state.set_presenting(True)
            st.rerun()
    return run


def _presented(runs: Sequence[Run]) -> Run | None:
    run = next((one for one in runs if one.id == state.run_id()), None)
    if run is None:
        run = runs[0]
        say_unknown()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.text(run.name)
        if st.button("Leave the presentation", icon=":material/close:", type="tertiary"):
            state.set_presenting(False)
            st.rerun()
    return run
