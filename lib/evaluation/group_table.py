"""Quality by group as a table: the values of one column, worst first, with intervals and verdicts."""

from __future__ import annotations

import pandas as pd

from lib.data.columns.metadata import group_columns
from lib.evaluation.groups import GroupQuality, compare_groups
from lib.evaluation.result import Evaluation
from lib.evaluation.store import load_pairs
from lib.evaluation.verdict import noun
from lib.format import format_count, format_metric, format_step, metric_title
from lib.shapes import TWO_ROLES, Shape
from lib.store.datasets import Dataset
from lib.store.runs import Run


def compare_column(run: Run, dataset: Dataset, name: str) -> list[GroupQuality]:
    """Compare both models of an evaluated run on each value of a column of its dataset, the worst first."""
    frame, pairs = dataset.frame(), load_pairs(run)
    values = frame[group_columns(frame)[name]].astype(str).str.strip().reindex(pairs["pair"])
    return compare_groups(pairs, values.reset_index(drop=True), Shape(dataset.shape))


def group_table(groups: list[GroupQuality], evaluation: Evaluation) -> pd.DataFrame:
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
