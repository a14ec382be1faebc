"""First steps, the sample with one button, the runs and their care."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.evaluation.difference import Difference
from lib.evaluation.result import Evaluation, ExampleCounts
from lib.store.archive import write_archive
from lib.store.headline import Headline
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from lib.ui.overview import compare, runs_table
from tests.app.conftest import button, texts
from tests.builders import add_dataset


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
    shown = runs_table.runs_frame(workspace.runs.all(), {})
    found = runs_table.filter_runs(shown, words="ONE alpha", states=[], starred=False)
    assert list(found["name"]) == ["alpha one"]
    assert len(runs_table.filter_runs(shown, words="", states=["Failed"], starred=False)) == 0
    assert len(runs_table.filter_runs(shown, words="", states=[], starred=True)) == 0


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
    app.button(key="purge").click().run()
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


def care_of_the_newest() -> None:
    from lib.store.workspace import open_workspace
    from lib.ui.overview import run_actions

    workspace = open_workspace()
    run_actions.show_run_actions(workspace, workspace.runs.all()[0])


def test_a_run_is_renamed_noted_starred_and_deleted(make_run: Callable[..., Run], workspace: Workspace) -> None:
    run = make_run("succeeded", name="Mine")
    app = AppTest.from_function(care_of_the_newest, default_timeout=30).run()
    app.text_input[0].set_value("Better name")
    app.text_input[1].set_value("try a lower rate")
    button(app, "Save").click().run()
    found = workspace.runs.get(run.id)
    assert (found.name, found.note) == ("Better name", "try a lower rate")
    app.button(key=f"star-{run.id}").click().run()
    assert workspace.runs.get(run.id).starred
    app.button(key=f"star-{run.id}").click().run()
    assert not workspace.runs.get(run.id).starred
    app.button(key=f"delete-{run.id}").click().run()
    assert workspace.runs.get(run.id).deleted is not None


def test_a_run_that_is_judged_is_not_deleted_under_its_worker(
    make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("succeeded", name="Mine")
    assert workspace.jobs.claim(workspace.jobs.submit("evaluate", run=run.id).id)
    app = AppTest.from_function(care_of_the_newest, default_timeout=30).run()
    app.button(key=f"delete-{run.id}").click().run()
    assert any("still busy" in str(error.value) for error in app.error)
    assert workspace.runs.get(run.id).deleted is None


def test_a_run_cut_short_is_marked_as_partial(make_run: Callable[..., Run], workspace: Workspace) -> None:
    run = make_run("cancelled", name="Mine")
    run.model_dir.mkdir()
    (run.model_dir / "closer.json").write_text('{"partial": true}')
    app = AppTest.from_function(care_of_the_newest, default_timeout=30).run()
    assert any("Partial" in str(one.value) for one in app.markdown)


def test_checkpoints_of_ended_runs_are_freed(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    ended, running = make_run("succeeded", name="Mine"), make_run("running", name="Other")
    for run in (ended, running):
        step = run.paths.checkpoints / "step-00000004"
        step.mkdir(parents=True)
        (step / "model.safetensors").write_bytes(b"x" * 2_000_000)
    app = open_page()
    assert any("1 ended run" in str(one.value) and "2 MB" in str(one.value) for one in app.markdown)
    app.button(key="remove-checkpoints").click().run()
    assert not ended.paths.checkpoints.exists()
    assert (running.paths.checkpoints / "step-00000004").is_dir()


def test_cached_vectors_are_freed(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    make_run("succeeded", name="Mine")
    segment = workspace.paths.vectors / "model" / "segment"
    segment.mkdir(parents=True)
    (segment / "rows.npy").write_bytes(b"x" * 2_000_000)
    app = open_page()
    app.button(key="remove-vectors").click().run()
    assert not segment.exists()
    assert not [one for one in app.button if one.key == "remove-vectors"]


def test_more_epochs_need_a_checkpoint(make_run: Callable[..., Run]) -> None:
    run = make_run("succeeded", name="Mine")
    app = AppTest.from_function(care_of_the_newest, default_timeout=30).run()
    assert not [one for one in app.button if one.key == f"extend-{run.id}"]
    (run.paths.checkpoints / "step-00000004").mkdir(parents=True)
    assert app.run().button(key=f"extend-{run.id}")


def show_comparison() -> None:
    from lib.store.workspace import open_workspace
    from lib.ui.overview import compare

    compare.show_comparison(open_workspace().runs.all())


def test_runs_are_compared_by_what_differs(make_run: Callable[..., Run]) -> None:
    make_run("succeeded", name="First")
    make_run("succeeded", name="Second", recipe={"epochs": 7})
    app = AppTest.from_function(show_comparison, default_timeout=30).run()
    assert not app.exception
    numbers, settings = (table.value for table in app.dataframe)
    assert list(numbers["Run"]) == ["Second", "First"]
    assert list(settings.index) == ["Epochs"]
    assert list(settings.iloc[0]) == ["7", "3"]
    assert len(app.get("plotly_chart")) == 1


def test_competing_runs_are_compared_with_corrected_verdicts(
    make_run: Callable[..., Run], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each against its base by Holm over the runs of the dataset, and each against the first over those shown."""
    changes = {"Third": 0.04, "Second": 0.9, "First": 0.01}
    for name, p_value in reversed(changes.items()):
        run = make_run("succeeded", name=name)
        change = Difference(0.5, 0.75, 0.1, 0.4, p_value)
        found = Evaluation("pairs", "mrr@10", "A sentence.", 9, 9, 9, 9, ExampleCounts(5, 3, 1), {"mrr@10": change})
        run.paths.evaluation.folder.mkdir(parents=True)
        run.paths.evaluation.summary.write_text(found.to_json())
    steps = iter([0.03, 0.04])
    monkeypatch.setattr(compare, "_difference", lambda one, other: Difference(0.5, 0.6, 0.05, 0.15, next(steps)))
    app = AppTest.from_function(show_comparison, default_timeout=30).run()
    assert not app.exception
    table = app.dataframe[0].value
    assert dict(zip(table["Run"], table["Verdict among 3 runs (Holm)"], strict=True)) == {
        "Third": "no clear change",
        "Second": "no clear change",
        "First": "better",
    }
    assert dict(zip(table["Run"], table["p"], strict=True)) == {
        "Third": "p = 0.080",
        "Second": "p = 0.900",
        "First": "p = 0.030",
    }
    sentences = [one.value for one in app.markdown if "against" in one.value]
    assert len(sentences) == 2
    assert all("no clear difference" in one for one in sentences)  # 0.03 and 0.04, each times two


def test_mean_and_spread_over_seeds_stand_below_the_runs(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    make_run("succeeded", name="Alone", recipe={"epochs": 7})
    assert not [one for one in open_page().dataframe if "Seeds" in one.value]
    for seed, tuned in ((42, 0.5), (43, 0.75)):
        run = make_run("succeeded", name=f"Seed {seed}", recipe={"seed": seed})
        headline = Headline("mrr@10", "better", 12, base=0.25, tuned=tuned, difference=tuned - 0.25)
        workspace.runs.set_headline(run.id, headline)
    (table,) = [one.value for one in open_page().dataframe if "Seeds" in one.value]
    (row,) = table.to_dict("records")
    assert (row["Seeds"], row["Settings"], row["Better"]) == (2, "Recommended", "2 of 2")
    assert (row["Mean"], row["Standard deviation"], row["Range"], row["Mean difference"]) == (
        "0.625",
        "0.177",
        "0.500 to 0.750",
        "+0.375",
    )


def test_a_lost_list_comes_back_by_a_button(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    make_run("succeeded", name="Mine")
    workspace.database.backup(older_than=0)
    for tail in ("", "-wal", "-shm"):
        (workspace.home / f"closer.db{tail}").unlink(missing_ok=True)
    app = open_page()
    assert any("gone" in str(error.value) for error in app.error)
    app.button(key="restore-backup").click().run()
    assert not app.error
    assert list(app.dataframe[0].value["name"]) == ["Mine"]


def test_folders_that_the_list_does_not_know_are_named_and_kept(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    make_run("succeeded")
    folder = workspace.home / "runs" / "0123456789"
    folder.mkdir()
    os.utime(folder, (time.time() - 3600,) * 2)
    app = open_page()
    assert any(str(folder) in str(code.value) for code in app.code)
    assert "Clean up" not in {one.label for one in app.button}


def test_a_name_with_markdown_in_it_is_shown_as_text(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run]
) -> None:
    name = "![x](http://evil.example/x.png) **bold**"
    run = make_run("running", name=name)
    app = open_page("train", run=run.id)
    assert name in [text.value for text in app.text]
    assert not [one for one in app.markdown if "evil.example" in one.value]


def test_a_packed_dataset_is_opened_from_its_file_and_a_touched_one_is_refused(
    open_page: Callable[..., AppTest], workspace: Workspace, tmp_path: Path
) -> None:
    other = open_workspace(tmp_path / "other")
    dataset = add_dataset(other, name="From a team mate")
    write_archive(other, dataset, tmp_path / "packed.zip")
    packed = (tmp_path / "packed.zip").read_bytes()
    app = open_page()
    (uploader,) = [one for one in app.get("file_uploader") if one.label == "Packed run or dataset"]
    uploader.set_value(
        [("touched.zip", packed.replace(b"From a team mate", b"From a team mats")[:-9], "application/zip")]
    )
    app.run()
    assert len(app.error) == 1
    assert workspace.datasets.all() == []
    (uploader,) = [one for one in app.get("file_uploader") if one.label == "Packed run or dataset"]
    uploader.set_value([("packed.zip", packed, "application/zip")]).run()
    assert not app.exception
    assert [one.name for one in workspace.datasets.all()] == ["From a team mate"]
    assert app.query_params["dataset"] == dataset.id
    assert not list(workspace.paths.uploads.iterdir())
