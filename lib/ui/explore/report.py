"""The run as files to take away: its report, and its evaluation for other tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from lib.errors import StoreError
from lib.evaluation.result import Evaluation
from lib.evaluation.stored_vectors import has_vectors
from lib.report.texts import SHORT_CHARACTERS, TextDetail
from lib.store.runs import Run
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.shared.cache import cached_evaluation
from lib.ui.shared.components import run_titles

if TYPE_CHECKING:
    from lib.report.two_groups import GroupChoice

_TEXT_TITLES = {
    TextDetail.FULL: "In full",
    TextDetail.SHORT: f"{SHORT_CHARACTERS} characters",
    TextDetail.NONE: "None",
}
_EXPORT_HELP = "BEIR folder, TREC runs, per-pair CSV, data of the figures and verdict.json: trec_eval, ir_measures and MTEB compute the same numbers."


def show_report(run: Run, runs: Sequence[Run]) -> None:
    """Offer the report and the evaluation of an evaluated run; each file is made on request."""
    evaluation = _readable_evaluation(run)
    if evaluation is None:
        return
    with st.popover("Report", icon=":material/description:", help="The run as one page that opens anywhere"):
        detail = st.segmented_control(
            "Texts of the dataset in it",
            list(_TEXT_TITLES),
            format_func=_TEXT_TITLES.__getitem__,
            default=TextDetail.FULL,
            required=True,
            key=keys.REPORT_TEXTS,
        )
        other = _choose_other(run, runs)
        chosen = [run, *([other] if other else [])]
        groups = _choose_groups(run)
        st.download_button(
            "Report (HTML)",
            lambda: _make_report(chosen, detail or TextDetail.FULL, groups),
            f"closer-report-{'-'.join(one.id for one in chosen)}.html",
            "text/html",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("Opens offline by a double click, prints, and loads nothing from elsewhere.")
        has_all = has_vectors(evaluation, home=open_workspace().home)
        st.download_button(
            "Evaluation for other tools (zip)",
            lambda: _make_export(run),
            f"closer-evaluation-{run.id}.zip",
            "application/zip",
            icon=":material/download:",
            on_click="ignore",
            disabled=not has_all,
            help=_EXPORT_HELP if has_all else "Its vectors are gone: evaluate the run again.",
        )


def _choose_other(run: Run, runs: Sequence[Run]) -> Run | None:
    """Let the person choose a second run of the same dataset to compare with, where there is one."""
    others = {
        one.id: one for one in runs if one.dataset == run.dataset and one.id != run.id and _readable_evaluation(one)
    }
    if not others:
        return None
    titles = run_titles(list(others.values()))
    chosen = st.selectbox(
        "Compare with",
        ["", *others],
        format_func=lambda one: titles[one] if one else "No other run",
        key=keys.REPORT_OTHER,
    )
    return others.get(chosen)


def _choose_groups(run: Run) -> GroupChoice | None:
    """Look up the groups A and B that are compared below the map, and say that the report has them."""
    from lib.ui.explore.map.group_choice import comparable_groups

    compared = comparable_groups(run)
    if compared is None:
        return None
    from lib.report.two_groups import GroupChoice

    words, kind = compared
    st.caption("With the comparison of the map's groups A and B.")
    return GroupChoice(*words, kind=kind)


def _readable_evaluation(run: Run) -> Evaluation | None:
    """Read a run's evaluation; None where it is damaged, which the verdict says."""
    try:
        return cached_evaluation(run)
    except StoreError:
        return None


def _make_report(runs: Sequence[Run], detail: TextDetail, groups: GroupChoice | None) -> str:
    from lib.report.write import make_report

    return make_report(open_workspace(), runs, detail=detail, choice=groups)


def _make_export(run: Run) -> bytes:
    from lib.evaluation.export.archive import zip_export

    workspace = open_workspace()
    dataset, others = workspace.datasets.get(run.dataset), workspace.runs.all()
    return zip_export(run, dataset, home=workspace.home, others=others)
