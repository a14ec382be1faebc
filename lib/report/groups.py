"""The quality by group of a report: the first columns of the data whose values repeat."""

from __future__ import annotations

from dataclasses import dataclass

from lib.data.columns.metadata import group_columns
from lib.evaluation.group_table import compare_column, group_table
from lib.evaluation.result import Evaluation
from lib.report.texts import TextWriter
from lib.store.datasets import Dataset
from lib.store.runs import Run

SHOWN_COLUMNS, SHOWN_VALUES = 3, 12
"""Columns of the data, and of each the worst values, that a report has a table of."""


@dataclass(frozen=True)
class GroupReport:
    """The table of one column of the data, worst value first.

    titles, rows: of the table; values: how many values the column has.
    """

    column: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: int


def build_groups(run: Run, dataset: Dataset, evaluation: Evaluation, writer: TextWriter) -> list[GroupReport]:
    """Compare both models by the columns of the data; none where no column's values repeat."""
    reports = []
    for name in list(group_columns(dataset.frame()))[:SHOWN_COLUMNS]:
        groups = compare_column(run, dataset, name)
        if not groups:
            continue
        table = group_table(groups[:SHOWN_VALUES], evaluation)
        shown = [writer.write(value, f"value {number}") for number, value in enumerate(table["value"], start=1)]
        rows = tuple(tuple(map(str, row)) for row in table.assign(value=shown).itertuples(index=False, name=None))
        reports.append(GroupReport(name, tuple(map(str, table.columns)), rows, len(groups)))
    return reports
