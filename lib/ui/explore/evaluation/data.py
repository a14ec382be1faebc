"""The stored evaluation of a run, read once for each version, and formats of its tables."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.evaluation.result import Evaluation
from lib.evaluation.store import load_evaluation
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.shared.cache import file_stamp


def cached_evaluation(run: Run) -> Evaluation | None:
    """Read a run's evaluation as it is stored now; None while there is none."""
    return _load(run.id, file_stamp(run.paths.evaluation.summary))


@st.cache_data(max_entries=64, show_spinner=False)
def _load(run_id: str, stamp: tuple[int, int]) -> Evaluation | None:
    return load_evaluation(open_workspace().runs.get(run_id))


def show_numbers(table: pd.DataFrame) -> None:
    """Draw a table of an evaluation, its numbers with three digits."""
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in table.select_dtypes("number")}
    st.dataframe(table, hide_index=True, column_config=config)
