"""Evaluation details: threshold, side effects, controls, interpolation with the base model."""

from __future__ import annotations

import streamlit as st

from lib.store.runs import Run
from lib.ui.explore.evaluation.controls import show_controls
from lib.ui.explore.evaluation.data import cached_evaluation
from lib.ui.explore.evaluation.interpolation import show_interpolation
from lib.ui.explore.evaluation.side_effects import show_side_effects
from lib.ui.explore.evaluation.similarity import show_similarity


def show_evaluation_details(run: Run) -> None:
    """Draw the details of an evaluated run, one tab each; before that, the verdict says what is missing."""
    evaluation = cached_evaluation(run)
    if evaluation is None:
        return
    st.subheader("Evaluation details", anchor=False)
    if not evaluation.is_current:
        st.caption("Re-evaluate this run to see details.")
        return
    similarity, side_effects, controls, interpolation = st.tabs(
        ["Similarity and threshold", "Side effects", "Controls", "Blend with base model"]
    )
    with similarity:
        show_similarity(evaluation)
    with side_effects:
        show_side_effects(run, evaluation)
    with controls:
        show_controls(run, evaluation)
    with interpolation:
        show_interpolation(run)
