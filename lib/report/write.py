"""Make the report of one run or of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lib.report.compare import build_comparison
from lib.report.content import build_run_report
from lib.report.render import render_report
from lib.report.texts import TextDetail, TextWriter
from lib.report.two_groups import GroupChoice
from lib.store.runs import Run
from lib.store.workspace import Workspace


def make_report(
    workspace: Workspace,
    runs: Sequence[Run],
    *,
    detail: TextDetail = TextDetail.FULL,
    choice: GroupChoice | None = None,
) -> str:
    """Make the HTML of a report of one run, or of two side by side.

    choice: two groups of texts of the first run's map to compare. Raises InputError where a run has no evaluation, or its map not these groups.
    """
    if len({run.name for run in runs}) < len(runs):  # the same name says nothing
        runs = [replace(run, name=f"{run.name} · {run.id}") for run in runs]
    datasets = [workspace.datasets.get(run.dataset) for run in runs]
    writer, everyone = TextWriter(detail), workspace.runs.all()
    reports = [
        build_run_report(
            run,
            dataset,
            writer,
            others=everyone if run.id in {one.id for one in everyone} else (),
            choice=choice if number == 0 else None,
        )
        for number, (run, dataset) in enumerate(zip(runs, datasets, strict=True))
    ]
    comparison = build_comparison(runs[0], runs[1], datasets[0]) if len(runs) > 1 else None
    return render_report(reports, comparison, detail=detail)
