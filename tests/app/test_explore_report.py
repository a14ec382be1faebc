"""The report and the export on Explore: what is offered, and what the files hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.report.two_groups import GroupChoice
from lib.store.runs import Run
from lib.ui.explore import keys
from tests.unit.projection.finished import evaluate_planted, finished_run


def open_report(run: Run, **groups: str) -> AppTest:
    """Draw the report's controls alone, of a link that may name groups."""
    test = AppTest.from_function(_report, default_timeout=60)
    for name, value in {"run": run.id, **groups}.items():
        test.query_params[name] = value
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


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("column:group=team 1", ("column:group=team 0", "column:group=team 1")),
        ("column:group=team 0", None),
        ("", None),
    ],
    ids=["two", "same", "one"],
)
def test_the_report_has_the_groups_that_the_page_compares(
    home: Path, monkeypatch: pytest.MonkeyPatch, second: str, expected: tuple[str, str] | None
) -> None:
    run = finished_run(home)
    evaluate_planted(run)
    choices: list[GroupChoice | None] = []
    monkeypatch.setattr("lib.ui.explore.report._make_report", lambda _runs, _detail, groups: choices.append(groups))
    monkeypatch.setattr(
        "streamlit.download_button", lambda label, make, *_args, **_rest: make() if label == "Report (HTML)" else None
    )
    test = open_report(run, a="column:group=team 0", b=second)
    assert not test.exception
    assert choices == [GroupChoice(*expected) if expected else None]
    assert any("groups A and B" in caption.value for caption in test.caption) == (expected is not None)
