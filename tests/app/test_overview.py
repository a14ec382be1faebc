"""First steps, the sample with one button, the runs and their care."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.ui import runs_table
from tests.app.conftest import button, texts


def test_an_empty_workspace_offers_the_sample_and_three_steps(open_page: Callable[..., AppTest]) -> None:
    app = open_page()
    assert {"Try the sample, end to end", "Upload your own pairs"} <= {one.label for one in app.button}
    assert all(step in texts(app) for step in ("1. Upload", "2. Train", "3. Explore"))


def test_one_press_on_the_sample_makes_one_dataset_and_one_run(
    open_page: Callable[..., AppTest], workspace: Workspace
) -> None:
    app = open_page()
    button(app, "Try the sample, end to end").click().run(timeout=120)
    assert not app.exception
    (run,) = workspace.runs.all()
    (dataset,) = workspace.datasets.all()
    assert (run.dataset, run.state, dataset.name) == (dataset.id, "queued", "Support desk")
    assert app.query_params["run"] == run.id
    assert run.name in [text.value for text in app.text]


def test_all_runs_stand_in_the_table_with_quality_and_settings(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run]
) -> None:
    make_run("succeeded", name="First")
    make_run("failed", name="Second", recipe={"epochs": 7})
    table = open_page().dataframe[0].value
    assert list(table["name"]) == ["Second", "First"]
    assert list(table["state"]) == ["Failed", "Finished"]
    assert (table["difference"].iloc[1], table["interval"].iloc[1]) == (0.25, "+0.100 to +0.400")
    assert "epochs 7" in table["settings"].iloc[0]


def test_the_search_keeps_what_holds_all_the_words(make_run: Callable[..., Run], workspace: Workspace) -> None:
    for name in ("alpha one", "alpha two", "beta one"):
        make_run("succeeded", name=name)
    shown = runs_table.table(workspace.runs.all(), {})
    found = runs_table.matching(shown, words="ONE alpha", states=[], starred=False)
    assert list(found["name"]) == ["alpha one"]
    assert len(runs_table.matching(shown, words="", states=["Failed"], starred=False)) == 0
    assert len(runs_table.matching(shown, words="", states=[], starred=True)) == 0


def test_a_deleted_run_comes_back_with_undo(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("succeeded", name="Mine")
    workspace.runs.delete(run.id)
    app = open_page()  # the last run of all
    assert "Mine" in texts(app)
    button(app, "Undo").click().run()
    assert {one.name for one in workspace.runs.all()} == {"Mine"}


def test_the_space_of_deleted_runs_is_freed_for_good(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("succeeded", name="Mine")
    make_run("succeeded", name="Other")
    workspace.runs.delete(run.id)
    app = open_page()
    assert run.folder.exists()
    button(app, "Remove for good").click().run()
    assert not run.folder.exists()
    assert [one.name for one in workspace.runs.all(deleted=True)] == []


def test_leftovers_of_crashes_are_offered_for_cleaning(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    make_run("succeeded")
    left = workspace.home / "runs" / ".part-abc"
    left.mkdir()
    (left / "weights").write_bytes(b"x" * 1000)
    hour_ago = time.time() - 3600
    os.utime(left, (hour_ago, hour_ago))
    app = open_page()
    button(app, "Clean up").click().run()
    assert not left.exists()


def test_a_name_with_markdown_in_it_is_shown_as_text(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run]
) -> None:
    name = "![x](http://evil.example/x.png) **bold**"
    run = make_run("running", name=name)
    app = open_page("train", run=run.id)
    assert name in [text.value for text in app.text]
    assert not [one for one in app.markdown if "evil.example" in one.value]
