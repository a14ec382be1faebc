"""The report and the export on Explore: what is offered, and what the files hold."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from lib.store.runs import Run
from lib.ui.explore import keys
from tests.unit.projection.finished import evaluate_planted, finished_run


def open_report(run: Run) -> AppTest:
    """Draw the report's controls alone."""
    test = AppTest.from_function(_report, default_timeout=60)
    test.query_params["run"] = run.id
    return test.run()


def _report() -> None:
    import streamlit as st

    from lib.store.workspace import open_workspace
    from lib.ui.explore.report import show_report

    runs = open_workspace().runs.all()
    show_report(next(run for run in runs if run.id == st.query_params["run"]), runs)


def test_nothing_is_offered_of_a_run_that_is_not_evaluated(home: Path) -> None:
    test = open_report(finished_run(home, with_map=False))
    assert not test.exception
    assert test.get("download_button") == []


def test_a_report_may_compare_with_another_run_of_the_dataset(home: Path) -> None:
    run, other = finished_run(home, with_map=False), finished_run(home, with_map=False)
    for one in (run, other):
        evaluate_planted(one)
    test = open_report(run)
    assert not test.exception
    assert [button.label for button in test.get("download_button")] == [
        "Report (HTML)",
        "Evaluation for other tools (zip)",
    ]
    assert len(test.selectbox(key=keys.REPORT_OTHER).options) == 2
    export = test.get("download_button")[1]
    assert export.proto.disabled
    test.selectbox(key=keys.REPORT_OTHER).select(other.id).run()
    assert not test.exception
