"""Behind the verdict: similarity one can read, what it cost, placebo and learning curve, the blend."""

from __future__ import annotations

import streamlit as st

from lib.store.runs import Run
from lib.ui.explore.evaluation.verdict import details, evaluation_of


def show(run: Run) -> None:
    """Draw the details of a run that was judged; before that, the verdict's own section says what is missing."""
    found = evaluation_of(run)
    if found is not None:
        st.subheader("Behind the verdict", anchor=False)
        details(run, found)
