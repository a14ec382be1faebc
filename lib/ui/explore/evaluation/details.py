"""Behind the verdict: similarity one can read, what it cost, placebo and learning curve, the blend."""

from __future__ import annotations

import streamlit as st

from lib.store.runs import Run
from lib.ui.explore.evaluation.verdict import cached_evaluation, show_details_tabs


def show_evaluation_details(run: Run) -> None:
    """Draw the details of a run that was judged; before that, the verdict's own section says what is missing."""
    found = cached_evaluation(run)
    if found is not None:
        st.subheader("Behind the verdict", anchor=False)
        show_details_tabs(run, found)
