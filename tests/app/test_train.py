"""The form that starts trainings, and the page that watches one."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.prepare import prepare
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.training.recipe import CLASSIC, losses_for, recommended_for
from tests.app.conftest import button, texts


def test_without_a_dataset_the_next_step_is_to_upload(open_page: Callable[..., AppTest]) -> None:
    app = open_page("train")
    assert [one.label for one in app.button] == ["Upload pairs"]


def test_start_makes_one_run_with_the_recommended_recipe(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    button(app, "Start training").click().run()
    assert not app.exception
    (run,) = workspace.runs.all()
    assert run.recipe == recommended_for(dataset.counts["train"]).for_shape(dataset.shape).to_dict()
    assert app.query_params["run"] == run.id


def test_the_next_press_makes_another_run(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    button(app, "Start training").click().run()
    button(app, "Set up another training").click().run()
    button(app, "Start training").click().run()
    assert len(workspace.runs.all()) == 2


def test_the_same_press_arriving_twice_is_one_run(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lib.ui.state.press_key", lambda form: "one-press")
    for _ in range(2):
        button(open_page("train"), "Start training").click().run()
    assert len(workspace.runs.all()) == 1


def test_edited_settings_reach_the_run(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    next(one for one in app.number_input if one.label == "Epochs").set_value(500).run()
    assert "500 epochs is a lot" in texts(app)
    next(one for one in app.number_input if one.label == "Batch size").set_value(16).run()
    button(app, "Start training").click().run()
    recipe = workspace.runs.all()[0].recipe
    assert (recipe["epochs"], recipe["batch_size"]) == (500, 16)


def test_the_classic_preset_is_the_well_known_recipe(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    app.segmented_control[0].set_value("Classic").run()
    button(app, "Start training").click().run()
    assert workspace.runs.all()[0].recipe == CLASSIC.for_shape(dataset.shape).to_dict()


def test_settings_that_do_nothing_for_a_loss_are_not_shown(open_page: Callable[..., AppTest], dataset: Dataset) -> None:
    app = open_page("train")
    labels = {one.label for one in app.number_input}
    assert "Hard negatives" in labels
    next(one for one in app.selectbox if one.label == "Loss").set_value("MegaBatchMargin").run()
    assert "Hard negatives" not in {one.label for one in app.number_input}


def test_several_models_make_a_run_each_under_one_heading(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    both = ["sentence-transformers/all-MiniLM-L6-v2", "closer/static-MiniLM"]
    app.multiselect[0].set_value(both).run()
    button(app, "Start 2 trainings").click().run()
    runs = workspace.runs.all()
    assert {run.model for run in runs} == set(both)
    assert len({run.heading for run in runs}) == 1
    assert [job.run for job in workspace.jobs.all(states=("queued",))] == [
        next(run.id for run in runs if run.model == model) for model in both
    ]


@pytest.mark.parametrize("state", ["queued", "running", "succeeded", "failed", "cancelled"])
def test_a_run_is_shown_in_every_state(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], state: str
) -> None:
    run = make_run(state, name="Mine")
    app = open_page("train", run=run.id)
    assert "Mine" in [text.value for text in app.text]
    assert ("The disk is full" in texts(app).replace("\\", "")) == (state == "failed")
    if state == "running":
        assert "Training\\: epoch 1 of 2" in app.get("progress")[0].proto.text
    if state != "queued":
        (metric,) = [one for one in app.metric if "validation" in one.label]
        assert metric.value == "0.500 → 0.750"


def test_a_training_that_the_disk_cannot_hold_is_not_started(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    make_run()
    app = open_page("train")
    assert "of disk while it trains" in texts(app)
    assert not button(app, "Start training").disabled
    full = shutil.disk_usage("/")._replace(free=50_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    app = open_page("train")
    assert "Free some space" in texts(app)
    assert button(app, "Start training").disabled


def test_cancel_asks_first_and_then_stops_the_run(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("running")
    app = open_page("train", run=run.id)
    assert workspace.runs.get(run.id).state == "running"
    button(app, "Yes, stop it").click().run()
    assert workspace.runs.get(run.id).state == "cancelling"


def test_a_failed_run_can_be_tried_again(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("failed")
    app = open_page("train", run=run.id)
    app.button(key=f"retry-{run.id}").click().run()
    assert workspace.runs.get(run.id).state == "queued"


def test_the_queue_can_be_put_in_another_order(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    first, second = make_run("queued", name="First"), make_run("queued", name="Second")
    app = open_page("train")
    app.button(key=f"up-{second.job}").click().run()
    assert [job.run for job in workspace.jobs.all(states=("queued",))] == [second.id, first.id]
    app.button(key=f"drop-{first.job}").click().run()
    assert workspace.runs.get(first.id).state == "cancelled"


def test_an_unknown_run_is_told_in_words(open_page: Callable[..., AppTest]) -> None:
    app = open_page("train", run="nothere")
    assert any("There is no run" in str(error.value) for error in app.error)


@pytest.mark.parametrize(
    ("columns", "rows", "losses"),
    [
        (["anchor", "positive", "score"], lambda n: (f"left {n}", f"right {n}", str(n % 5)), {"CoSENT", "AnglE"}),
        (["sentence1", "sentence2", "label"], lambda n: (f"left {n}", f"right {n}", str(n % 2)), {"OnlineContrastive"}),
        (["anchor", "positive", "negative"], lambda n: (f"left {n}", f"right {n}", f"wrong {n}"), {"Triplet"}),
        (["text", "label"], lambda n: (f"text {n}", f"class{n % 4}"), {"BatchAllTriplet", "BatchHard"}),
    ],
)
def test_every_shape_offers_its_own_losses_and_starts(
    open_page: Callable[..., AppTest],
    workspace: Workspace,
    columns: list[str],
    rows: Callable[[int], tuple[str, ...]],
    losses: set[str],
) -> None:
    prepared = prepare(pd.DataFrame([rows(n) for n in range(80)], columns=columns))
    workspace.datasets.publish(prepared, name="Mine")
    app = open_page("train")
    offered = next(one for one in app.selectbox if one.label == "Loss")
    assert losses <= set(losses_for(prepared.shape))
    assert offered.value == losses_for(prepared.shape)[0]
    button(app, "Start training").click().run()
    assert not app.exception
    assert workspace.runs.all()[0].recipe["loss"] == offered.value
