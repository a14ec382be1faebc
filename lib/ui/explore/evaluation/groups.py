"""Quality by group: the verdict's metric for each value of a column of the data, worst first."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.data.columns.metadata import group_columns
from lib.evaluation.bootstrap import MIN_GROUPS
from lib.evaluation.difference import CONFIDENCE
from lib.evaluation.groups import GroupQuality, compare_groups
from lib.evaluation.result import Evaluation
from lib.evaluation.store import load_pairs
from lib.evaluation.verdict import ROUGH_GROUPS, noun
from lib.format import format_count, format_metric, format_step, metric_title
from lib.shapes import TWO_ROLES, Shape
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
    st.dataframe(_group_table(groups, evaluation), hide_index=True, alt="Quality by group, worst first")
    st.caption(_describe(groups, evaluation))


@st.cache_data(max_entries=32, show_spinner="Comparing groups")
def _compare(run_id: str, stamp: tuple[int, int], name: str) -> list[GroupQuality]:
    run = open_workspace().runs.get(run_id)
    dataset = open_workspace().datasets.get(run.dataset)
    frame, pairs = dataset.frame(), load_pairs(run)
    values = frame[group_columns(frame)[name]].astype(str).str.strip().reindex(pairs["pair"])
    return compare_groups(pairs, values.reset_index(drop=True), Shape(dataset.shape))


def _group_table(groups: list[GroupQuality], evaluation: Evaluation) -> pd.DataFrame:
    """Build the table: value, sample, base, tuned with its interval, change with its interval, verdict."""
    metric, title = evaluation.metric, metric_title(evaluation.metric)
    shape = Shape(evaluation.shape)
    unit = "queries" if shape in TWO_ROLES else f"{noun(shape)}s"
    return pd.DataFrame(
        [
            {
                "value": group.value,
                unit: group.examples,
                f"{title}, base": format_metric(metric, group.change.base),
                f"{title}, tuned": format_metric(metric, group.change.tuned),
                "95% interval": _interval(metric, group),
                "change": format_step(metric, group.change).replace("95% CI ", ""),
                "verdict": _verdict(group),
            }
            for group in groups
        ]
    )


def _interval(metric: str, group: GroupQuality) -> str:
    if not group.is_measurable:
        return "too few"
    return f"{format_metric(metric, group.low)} to {format_metric(metric, group.high)}"


def _verdict(group: GroupQuality) -> str:
    if not group.is_measurable:
        return f"{format_count(group.units, 'independent group')}: too few"
    return f"{group.change.verdict}{', approximate' if group.is_rough else ''}"


def _describe(groups: list[GroupQuality], evaluation: Evaluation) -> str:
    """Say how to read the table, and what so many comparisons mean."""
    return (
        f"Held-out alone, worst tuned {escape_markdown(metric_title(evaluation.metric))} first. Intervals: bootstrap over independent groups "
        f"({CONFIDENCE:.0%}); the verdicts are corrected for {len(groups)} comparisons (Holm). With fewer than {MIN_GROUPS} independent "
        f"groups there is no interval, below {ROUGH_GROUPS} it is approximate. Which value is the worst is itself uncertain where intervals overlap."
    )
