"""Evaluation details: threshold, groups, side effects, controls, interpolation with the base."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lib.store.runs import Run
from lib.ui.explore import keys
from lib.ui.explore.evaluation.controls import show_controls
from lib.ui.explore.evaluation.groups import show_groups
from lib.ui.explore.evaluation.interpolation import show_interpolation
from lib.ui.explore.evaluation.side_effects import show_side_effects
from lib.ui.explore.evaluation.similarity import show_similarity
from lib.ui.shared.cache import cached_evaluation


def show_evaluation_details(run: Run) -> None:
    """Draw the details of an evaluated run, one tab each; before that, the verdict says what is missing."""
    evaluation = cached_evaluation(run)
    if evaluation is None:
        return
    st.subheader("Evaluation details", anchor=False)
    if not evaluation.is_current:
        st.caption("Re-evaluate this run to see details.")
        return
    contents: dict[str, Callable[[], None]] = {
        "Similarity and threshold": lambda: show_similarity(evaluation),
        "Groups": lambda: show_groups(run, evaluation),
        "Side effects": lambda: show_side_effects(run, evaluation),
        "Controls": lambda: show_controls(run, evaluation),
        "Blend with base model": lambda: show_interpolation(run),
    }
    tabs = st.tabs(list(contents), key=keys.DETAILS, on_change="rerun")
    for tab, show in zip(tabs, contents.values(), strict=True):
        if tab.open:  # figures of closed ones would be drawn before the map is
            with tab:
                show()
