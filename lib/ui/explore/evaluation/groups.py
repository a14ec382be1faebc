"""Quality by group: the verdict's metric for each value of a column of the data, worst first."""

from __future__ import annotations

import streamlit as st

from lib.data.columns.metadata import group_columns
from lib.evaluation.bootstrap import MIN_GROUPS
from lib.evaluation.difference import CONFIDENCE
from lib.evaluation.group_table import compare_column, group_table
from lib.evaluation.groups import GroupQuality
from lib.evaluation.result import Evaluation
from lib.evaluation.verdict import ROUGH_GROUPS
from lib.format import metric_title
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.shared.cache import file_stamp
from lib.ui.shared.components import escape_markdown


def show_groups(run: Run, evaluation: Evaluation) -> None:
    """Draw the table of quality by group, for the column that the person chooses."""
    columns = list(group_columns(open_workspace().datasets.get(run.dataset).frame()))
    if not columns:
        st.caption(
            "This dataset has no column whose values repeat (language, product, category). Columns that play no other role are stored "
            "when a file is uploaded."
        )
        return
    name = st.selectbox("Column", columns, key=keys.GROUP_COLUMN, width=300)
    groups = _compare(run.id, file_stamp(run.paths.evaluation.summary), name)
    st.dataframe(group_table(groups, evaluation), hide_index=True, alt="Quality by group, worst first")
    st.caption(_describe(groups, evaluation))


@st.cache_data(max_entries=32, show_spinner="Comparing groups")
def _compare(run_id: str, stamp: tuple[int, int], name: str) -> list[GroupQuality]:
    run = open_workspace().runs.get(run_id)
    dataset = open_workspace().datasets.get(run.dataset)
    return compare_column(run, dataset, name)


def _describe(groups: list[GroupQuality], evaluation: Evaluation) -> str:
    """Say how to read the table, and what so many comparisons mean."""
    return (
        f"Held-out alone, worst tuned {escape_markdown(metric_title(evaluation.metric))} first. Intervals: bootstrap over independent groups "
        f"({CONFIDENCE:.0%}); the verdicts are corrected for {len(groups)} comparisons (Holm). With fewer than {MIN_GROUPS} independent "
        f"groups there is no interval, below {ROUGH_GROUPS} it is approximate. Which value is the worst is itself uncertain where intervals overlap."
    )
