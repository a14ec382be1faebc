"""The form that starts trainings, and the page that watches one."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from lib.data.columns.guess import guess_mapping
from lib.data.prepare import prepare
from lib.data.table import Table
from lib.errors import CloserError, ModelError
from lib.experiments.cost_estimate import Estimate
from lib.jobs.events import EventWriter
from lib.jobs.locks import worker_lock
from lib.recipe.losses import losses_for
from lib.recipe.options import PromptSource
from lib.recipe.presets import CLASSIC, recommended_recipe
from lib.recipe.recipe import FIELDS, Recipe
from lib.settings import MAX_CLUSTER_TRAININGS
from lib.shapes import Shape
from lib.store import batches
from lib.store.datasets import Dataset
from lib.store.run_settings import train_command
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.training import memory_estimate
from lib.ui.shared import supervisor_status
from lib.ui.train import cost, form
from lib.ui.train.form import describe_preset
from tests.app.conftest import button, texts
from tests.builders import of_shape
from tests.unit.models.folder_check.hostile import HOSTILE
from tests.unit.models.folder_check.spoil import PROMPTS, put


def test_without_a_dataset_the_next_step_is_to_upload(open_page: Callable[..., AppTest]) -> None:
    app = open_page("train")
    assert [one.label for one in app.button] == ["Upload pairs"]


def without_prompts(recipe: Recipe, dataset: Dataset) -> Recipe:
    """Fill in what Start does for the bundled model, which has no prompts."""
    return recipe.for_shape(dataset.shape).with_prompts("", "", PromptSource.NONE)


def test_start_makes_one_run_with_the_recommended_recipe(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    button(app, "Start training").click().run()
    assert not app.exception
    (run,) = workspace.runs.all()
    assert run.recipe == without_prompts(recommended_recipe(dataset.counts["train"]), dataset)
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
    monkeypatch.setattr("lib.ui.shared.state.submission_key", lambda form: "one-press")
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
    assert (recipe.epochs, recipe.batch_size) == (500, 16)


def test_the_classic_preset_is_the_well_known_recipe(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    app.segmented_control[0].set_value("Classic").run()
    button(app, "Start training").click().run()
    assert workspace.runs.all()[0].recipe == without_prompts(CLASSIC, dataset)


def test_settings_that_do_nothing_for_a_loss_are_not_shown(open_page: Callable[..., AppTest], dataset: Dataset) -> None:
    app = open_page("train")
    labels = {one.label for one in app.number_input}
    assert "Hard negatives" in labels
    next(one for one in app.selectbox if one.label == "Loss").set_value("MegaBatchMargin").run()
    assert "Hard negatives" not in {one.label for one in app.number_input}


def test_several_models_make_a_run_each_in_one_batch(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    both = ["sentence-transformers/all-MiniLM-L6-v2", "closer/static-MiniLM"]
    app.multiselect[0].set_value(both).run()
    button(app, "Start 2 trainings").click().run()
    runs = workspace.runs.all()
    assert {run.model for run in runs} == set(both)
    assert len({run.batch for run in runs}) == 1
    assert [job.run for job in workspace.jobs.all(states=("queued",))] == [
        next(run.id for run in runs if run.model == model) for model in both
    ]


def test_one_press_repeats_each_model_with_several_seeds(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    app.multiselect[0].set_value([BUNDLED, STATIC]).run()
    next(one for one in app.number_input if one.label == "Repeat with k seeds").set_value(3).run()
    button(app, "Start 6 trainings").click().run()
    assert not app.exception
    runs = workspace.runs.all()[::-1]
    assert [(run.model, run.recipe.seed) for run in runs] == [
        (model, seed) for model in (BUNDLED, STATIC) for seed in (42, 43, 44)
    ]
    assert {run.name.rpartition(", ")[2] for run in runs} == {"seed 42", "seed 43", "seed 44"}
    (batch,) = {run.batch for run in runs}
    assert "2 models, 3 seeds" in batch


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


@pytest.mark.parametrize(("kind", "is_finished"), [("project", False), ("project_plain", True)])
def test_a_run_is_finished_before_its_map_by_plain_umap(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace, kind: str, is_finished: bool
) -> None:
    run = make_run()
    run.model_dir.mkdir(parents=True, exist_ok=True)
    workspace.jobs.submit(kind, run=run.id)
    shown = {one.key for one in open_page("train", run=run.id).button}
    assert (f"explore-{run.id}" in shown) == is_finished
    assert (f"cancel-{run.id}" in shown) != is_finished


def test_a_training_that_the_disk_cannot_hold_is_not_started(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    make_run()
    app = open_page("train")
    assert "of disk during training" in texts(app)
    assert not button(app, "Start training").disabled
    full = shutil.disk_usage("/")._replace(free=50_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    app = open_page("train")
    assert "Free up space" in texts(app)
    assert button(app, "Start training").disabled


def test_a_training_that_memory_cannot_hold_starts_only_when_asked_for_again(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_estimate, "has_graphics_card", lambda: False)
    app = open_page("train")
    assert "of memory; " in texts(app)
    assert not button(app, "Start training").disabled
    monkeypatch.setattr(memory_estimate, "available_memory", lambda: 700_000_000)
    app.run()
    assert "700 MB are free" in texts(app)
    assert button(app, "Start training").disabled
    app.checkbox(key="ignore-memory").check().run()
    button(app, "Start training").click().run()
    assert len(workspace.runs.all()) == 1


def test_cancel_asks_first_and_then_stops_the_run(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("running")
    app = open_page("train", run=run.id)
    assert workspace.runs.get(run.id).state == "running"
    app.button(key=f"cancel-{run.id}").click().run()
    assert workspace.runs.get(run.id).state == "cancelling"


def silent_for(run: Run, seconds: float) -> None:
    """Let a run's last word be so many seconds old."""
    event = {"time": datetime.now(UTC).isoformat(), "clock": time.monotonic() - seconds, "kind": "stage"}
    with run.paths.events.open("a", encoding="utf-8") as file:
        file.write(json.dumps(event | {"stage": "training", "detail": ""}) + "\n")


def test_a_worker_that_says_nothing_is_told_with_a_choice(
    open_page: Callable[..., AppTest],
    make_run: Callable[..., Run],
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = make_run("running")
    assert "No progress for" not in texts(open_page("train", run=run.id))
    silent_for(run, 90)
    app = open_page("train", run=run.id)
    assert "No progress for 1 min 3" in texts(app)
    assert "restart-" not in "".join(str(one.key) for one in app.button)
    killed = []
    monkeypatch.setattr("lib.ui.train.run_progress.kill_worker", lambda *worker: killed.append(worker))
    with worker_lock(workspace.home):
        app = open_page("train", run=run.id)
        app.button(key=f"restart-{run.id}").click().run()
    assert killed == [(workspace.home, None)]


def test_the_log_can_be_searched_and_taken_away(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run]
) -> None:
    run = make_run("succeeded")
    EventWriter(run.paths.events).log("Another line.")
    run.paths.log.write_text("What a library printed.")
    app = open_page("train", run=run.id)
    assert "A line for the log." in app.code[0].value
    app.text_input(key=f"log-search-{run.id}").set_value("ANOTHER").run()
    assert app.code[0].value.endswith("Another line.")
    assert len(app.get("download_button")) == 1
    assert any(f"/download/{run.id}/log.txt" in str(link.proto.url) for link in app.get("link_button"))


def test_a_deleted_run_offers_only_to_come_back(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("failed")
    workspace.runs.delete(run.id)
    app = open_page("train", run=run.id)
    assert "Try again" not in {one.label for one in app.button if one.key == f"retry-{run.id}"}
    app.button(key=f"undelete-{run.id}").click().run()
    assert workspace.runs.get(run.id).deleted is None


def test_a_failed_run_can_be_tried_again(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run("failed")
    app = open_page("train", run=run.id)
    app.button(key=f"retry-{run.id}").click().run()
    assert workspace.runs.get(run.id).state == "queued"


def test_several_runs_may_be_running(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    on_ray = {"where": "ray", "address": "127.0.0.1:6379"}
    runs = [make_run("running", name=f"Seed {seed}", batch="B", recipe=on_ray | {"seed": seed}) for seed in (1, 2)]
    runs.append(make_run("running", name="Here"))
    shown = texts(open_page("train"))
    assert all(run.name in shown for run in runs)
    assert f"up to {MAX_CLUSTER_TRAININGS} trainings on Ray clusters" in shown
    assert not open_page("overview").exception
    app = open_page("train", run=runs[0].id)
    app.button(key=f"cancel-{runs[0].id}").click().run()
    assert [workspace.runs.get(run.id).state for run in runs] == ["cancelling", "running", "running"]
    for run in runs[1:]:
        silent_for(run, 90)
    with worker_lock(workspace.home, runs[1].job):
        apps = [open_page("train", run=run.id) for run in runs[1:]]
    restarts = [f"restart-{run.id}" in [one.key for one in app.button] for run, app in zip(runs[1:], apps, strict=True)]
    assert restarts == [True, False]  # where its own worker lives


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
    ("columns", "rows"),
    [
        (["anchor", "positive"], lambda n: (f"left {n}", f"right {n}")),
        (["anchor", "positive", "score"], lambda n: (f"left {n}", f"right {n}", str(n % 5))),
        (["sentence1", "sentence2", "label"], lambda n: (f"left {n}", f"right {n}", str(n % 2))),
        (["anchor", "positive", "negative"], lambda n: (f"left {n}", f"right {n}", f"wrong {n}")),
        (["text", "label"], lambda n: (f"text {n}", f"class{n % 4}")),
    ],
    ids=["pairs", "scored", "labelled_pairs", "triplets", "labelled_texts"],
)
def test_every_loss_of_a_shape_is_offered_and_starts(
    open_page: Callable[..., AppTest],
    workspace: Workspace,
    columns: list[str],
    rows: Callable[[int], tuple[str, ...]],
) -> None:
    prepared = prepare(pd.DataFrame([rows(n) for n in range(80)], columns=columns))
    workspace.datasets.publish(prepared, name="Mine")
    fitting = losses_for(prepared.shape)
    app = open_page("train")
    assert loss_box(app).options == [loss.title for loss in fitting]
    assert loss_box(app).value == fitting[0].name
    for loss in fitting:
        loss_box(app).set_value(loss.name).run()
        button(app, "Start training").click().run()
        assert not app.exception
        assert workspace.runs.all()[0].recipe.loss == loss.name
        button(app, "Set up another training").click().run()


def loss_box(app: AppTest) -> Any:
    """Find the box that offers the losses."""
    return next(one for one in app.selectbox if one.label == "Loss")


def labels(app: AppTest) -> set[str]:
    """List the labels of the form's settings."""
    kinds = (app.number_input, app.selectbox, app.multiselect, app.toggle, app.text_input)
    return {one.label for widgets in kinds for one in widgets}


BUNDLED, STATIC = "sentence-transformers/all-MiniLM-L6-v2", "closer/static-MiniLM"
TRANSFORMERS_OWN = {field.label for field in FIELDS.values() if field.needs_transformer}


def test_a_static_model_is_not_asked_for_what_only_a_transformer_has(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    """Leave such settings out; beside a transformer, say for which model they are left out."""
    app = open_page("train")
    assert labels(app) >= TRANSFORMERS_OWN
    assert "static model" not in texts(app)
    app.multiselect[0].set_value([BUNDLED, STATIC]).run()
    assert labels(app) >= TRANSFORMERS_OWN
    (line,) = [line for line in texts(app).splitlines() if "has no transformer" in line]
    assert all(label in line for label in TRANSFORMERS_OWN)
    app.multiselect[0].set_value([STATIC]).run()
    assert not labels(app) & TRANSFORMERS_OWN
    assert "50 times the learning rate: 5.0e-03" in texts(app)
    button(app, "Start training").click().run()
    assert workspace.runs.all()[0].recipe == without_prompts(recommended_recipe(dataset.counts["train"]), dataset)


def test_what_does_nothing_without_hard_negatives_is_shown_with_them(
    open_page: Callable[..., AppTest], dataset: Dataset
) -> None:
    needing = {field.label for field in FIELDS.values() if field.needs == "hard_negatives"}
    app = open_page("train")
    assert not labels(app) & needing
    next(one for one in app.number_input if one.label == "Hard negatives").set_value(2).run()
    assert labels(app) >= needing


def test_processes_are_asked_for_where_several_share_a_batch(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their cost was measured in one: the figure says so."""
    monkeypatch.setattr(cost, "load_estimate", lambda *_: Estimate(0.5, 1.0, 0.1, 10**9, "CPU"))
    app = open_page("train")
    assert "Processes" not in labels(app)
    assert "s.** CPU" in texts(app)
    next(one for one in app.selectbox if one.label == "Where to run").set_value("devices").run()
    next(one for one in app.number_input if one.label == "Processes").set_value(2).run()
    assert "2 processes take 21 examples each: 42 a step" in texts(app)
    assert "in one process.** CPU" in texts(app)
    button(app, "Start training").click().run()
    (run,) = workspace.runs.all()
    assert (run.recipe.where, run.recipe.processes) == ("devices", 2)
    assert "--where=devices --processes=2" in train_command(run)


def test_a_cluster_is_asked_for_by_its_address(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    next(one for one in app.selectbox if one.label == "Where to run").set_value("devices").run()
    assert "Cluster address" not in labels(app)
    next(one for one in app.selectbox if one.label == "Where to run").set_value("ray").run()
    assert "Cluster address" in labels(app)
    assert button(app, "Start training").disabled
    next(one for one in app.text_input if one.label == "Cluster address").set_value("head:6379 ").run()
    assert "for each node" in texts(app)
    button(app, "Start training").click().run()
    (run,) = workspace.runs.all()
    assert (run.recipe.where, run.recipe.address) == ("ray", "head:6379")
    assert "--where=ray --address=head:6379" in train_command(run)
    EventWriter(run.paths.events).places(["node-1: cpu", "node-2: cpu", "node-2: cpu"])
    assert "3 processes on node-1: cpu, node-2: cpu (2)" in texts(open_page("train", run=run.id)).replace("\\", "")


def test_of_several_classes_of_pairs_the_form_names_the_one_that_is_looked_for(
    open_page: Callable[..., AppTest], workspace: Workspace
) -> None:
    names = ("entailment", "neutral", "contradiction")
    rows = [(f"left {n}", f"right {n}", names[n % 3]) for n in range(90)]
    table = pd.DataFrame(rows, columns=["sentence1", "sentence2", "label"])
    prepared = prepare(table, mapping=replace(guess_mapping(Table.from_frame(table)), same=()))
    workspace.datasets.publish(prepared, name="Mine")
    app = open_page("train")
    assert loss_box(app).options == ["Softmax"]
    assert "“entailment”" in texts(app)
    assert "Matryoshka dimensions" not in labels(app)


@pytest.mark.parametrize("shape", list(Shape))
def test_a_presets_line_says_what_it_is_for_the_shape(shape: Shape) -> None:
    """Classic names the loss that it trains; Recommended is called measured for pairs alone."""
    assert losses_for(shape)[0].title in describe_preset("Classic", shape)
    assert ("over two epochs" in describe_preset("Recommended", shape)) == (shape is not Shape.PAIRS)
    assert "Softmax" in describe_preset("Classic", Shape.LABELLED_PAIRS, classes=3)


def test_steps_are_those_that_the_batches_have(open_page: Callable[..., AppTest], workspace: Workspace) -> None:
    """Of classes that are not even an epoch sees a part, and the page says so."""
    rows = [(f"text {n}", "rare" if n % 10 == 0 else "common") for n in range(400)]
    prepared = prepare(pd.DataFrame(rows, columns=["text", "label"]))
    dataset = workspace.datasets.publish(prepared, name="Mine")
    rare = int((prepared.frame.query("part == 'train'")["label"] == "rare").sum())
    page_text = texts(open_page("train"))
    assert f"sees at most {4 * (rare // 2)} of {dataset.counts['train']} training examples" in page_text
    assert "classes alternate" in page_text


@pytest.fixture
def with_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a server be there, whose worker is on its way."""
    monkeypatch.setattr(cost, "has_server", lambda: True)


def estimates(workspace: Workspace) -> dict[str, str]:
    """List the state of each model's cost estimate."""
    return {job.payload["model"]: job.state for job in workspace.jobs.all(kind="estimate")}


def end_estimate(workspace: Workspace, model: str, state: str, error: CloserError | None = None) -> None:
    """End a model's measuring as a worker does."""
    (job,) = (job for job in workspace.jobs.all(kind="estimate") if job.payload["model"] == model)
    claimed = workspace.jobs.claim(job.id)
    assert claimed is not None
    workspace.jobs.finish(claimed, state, "", error=error)


@pytest.mark.usefixtures("with_server")
def test_cost_is_measured_unasked_for_each_model(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    """Measure the settings that are offered.

    One that failed says why and is not begun again, but can be asked for.
    """
    app = open_page("train")
    assert estimates(workspace) == {BUNDLED: "queued"}
    assert not app.exception
    app.multiselect[0].set_value([BUNDLED, STATIC]).run()
    assert estimates(workspace) == {BUNDLED: "queued", STATIC: "queued"}
    end_estimate(workspace, BUNDLED, "failed", ModelError("It is broken.", where="Here", todo="Mend it."))
    app.run()
    assert estimates(workspace) == {BUNDLED: "failed", STATIC: "queued"}
    assert all(part in texts(app) for part in ("Here", "It is broken", "Mend it"))
    button(app, "Estimate time and memory for all-MiniLM-L6-v2").click().run()
    assert estimates(workspace) == {BUNDLED: "queued", STATIC: "queued"}


@pytest.mark.usefixtures("with_server")
def test_a_model_that_nobody_confirmed_is_measured_on_request_only(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, tiny_model: Path
) -> None:
    """Measuring loads it: a path that is only typed loads nothing, until a training of it was started."""
    app, name = open_page("train"), str(tiny_model)
    app.multiselect[0].set_value([name]).run()
    assert name not in estimates(workspace)
    button(app, f"Estimate time and memory for {tiny_model.name}").click().run()
    assert estimates(workspace)[name] == "queued"
    assert not cost.is_confirmed(workspace, name)
    run = workspace.runs.create(dataset=dataset.id, model=name, recipe=CLASSIC)
    assert cost.is_confirmed(workspace, name)
    assert cost.is_confirmed(workspace, f"run:{run.id}")


def test_a_prompt_of_the_models_own_is_shown(
    open_page: Callable[..., AppTest], dataset: Dataset, tiny_model: Path, tmp_path: Path
) -> None:
    """It stands before every text, so a person sees it before they train."""
    prompted = Path(shutil.copytree(tiny_model, tmp_path / "prompted"))
    put(PROMPTS, prompts={"query": "Say yes: "}, default_prompt_name="query")(prompted)
    app = open_page("train")
    app.multiselect[0].set_value([str(prompted)]).run()
    assert not app.exception
    assert any(one.value.startswith("Say yes: ") for one in app.code)


def test_a_plain_transformers_pooling_is_named_and_can_be_chosen(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, tiny_model: Path
) -> None:
    plain = str(tiny_model.with_name("tiny-raw"))
    app = open_page("train")
    app.multiselect[0].set_value([plain]).run()
    assert "the mean of its tokens" in texts(app)
    next(one for one in app.selectbox if one.label == "Pooling").set_value("cls").run()
    button(app, "Start training").click().run()
    assert not app.exception
    (run,) = workspace.runs.all()
    assert run.base_model == f"{plain}#cls"


def test_prompts_are_those_of_each_model_unless_set_by_hand(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, tiny_model: Path, tmp_path: Path
) -> None:
    """The examples are shown as the model reads them; a base that expects prompts and has none is warned about."""
    known = str(shutil.copytree(tiny_model, tmp_path / "e5-small"))
    app = open_page("train")
    app.multiselect[0].set_value([known]).run()
    assert app.code[0].value.startswith("query: ")
    assert "\npassage: " in app.code[0].value
    assert "huggingface.co/intfloat/e5-base-v2" in texts(app).replace("\\", "")
    (switch,) = [one for one in app.toggle if one.label == "Set prompts by hand"]
    switch.set_value(True).run()
    fields = {field.label: field for field in app.text_area}
    assert {name: field.value for name, field in fields.items()} == {
        "Query prompt": "query: ",
        "Document prompt": "passage: ",
    }
    fields["Query prompt"].set_value("")
    fields["Document prompt"].set_value("").run()
    assert any("was trained with prompts" in one.value for one in app.warning)
    next(field for field in app.text_area if field.label == "Query prompt").set_value("ask: ").run()
    assert app.code[0].value.startswith("ask: ")
    assert not any("was trained with prompts" in one.value for one in app.warning)
    button(app, "Start training").click().run()
    assert not app.exception
    recipe = workspace.runs.all()[0].recipe
    assert (recipe.query_prompt, recipe.document_prompt, recipe.prompt_source) == ("ask: ", "", PromptSource.HAND)


def test_a_hostile_folder_is_refused_on_the_page(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, tiny_model: Path, tmp_path: Path
) -> None:
    """Typing its path names the file, opens no pickle, and offers no training of it."""
    hostile = Path(shutil.copytree(tiny_model, tmp_path / "hostile"))
    HOSTILE["weights_only off and a pickle"][1](hostile)
    app = open_page("train")
    app.multiselect[0].set_value([str(hostile)]).run()
    assert not app.exception
    assert "only safetensors weights are read" in texts(app).lower()
    assert button(app, "Start training").disabled
    assert estimates(workspace).get(str(hostile)) is None
    assert not (tmp_path / "canary").exists()


@pytest.mark.usefixtures("with_server")
def test_an_outdated_measuring_is_cancelled_and_anothers_is_not(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app, other = open_page("train"), open_page("train")
    app.multiselect[0].set_value([STATIC]).run()
    assert estimates(workspace) == {BUNDLED: "cancelled", STATIC: "queued"}
    other.run()  # it still shows the first model
    assert estimates(workspace) == {BUNDLED: "queued", STATIC: "queued"}
    app.run()
    assert estimates(workspace) == {BUNDLED: "queued", STATIC: "queued"}


@pytest.mark.usefixtures("with_server")
def test_changed_settings_are_measured_when_asked_for(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    app = open_page("train")
    next(one for one in app.number_input if one.label == "Batch size").set_value(16).run()
    assert estimates(workspace) == {BUNDLED: "cancelled"}
    button(app, "Estimate time and memory for all-MiniLM-L6-v2").click().run()
    assert [job.state for job in workspace.jobs.all(kind="estimate")] == ["cancelled", "queued"]


@pytest.mark.usefixtures("with_server")
def test_nothing_is_measured_beside_a_training(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    make_run("queued")
    open_page("train")
    assert estimates(workspace) == {}


@pytest.mark.usefixtures("with_server")
def test_a_start_ends_the_measuring(open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace) -> None:
    app = open_page("train")
    button(app, "Start training").click().run()
    assert estimates(workspace) == {BUNDLED: "cancelled"}


def test_the_queue_shows_jobs_that_belong_to_no_run(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace
) -> None:
    job = workspace.jobs.submit_on_dataset("label_noise", dataset=dataset.id, key="check")
    app = open_page("train")
    assert not app.exception
    assert dataset.name in texts(app)
    assert "Label-noise check" in texts(app)
    button(app, "Cancel").click().run()
    assert workspace.jobs.get(job.id).state == "cancelled"
    workspace.jobs.retry(job.id)
    claimed = workspace.jobs.claim(job.id)
    assert claimed is not None
    workspace.jobs.finish(claimed, "failed", "No model.")
    app.run()
    assert not app.exception
    assert "No model." in texts(app)


def test_runs_of_one_press_are_compared_and_those_of_another_are_not(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quality, speed and size of each in one table; settings where they differ."""
    times = iter([datetime(2026, 1, 2, 3, 4, 5), datetime(2026, 1, 2, 3, 4, 9)])
    monkeypatch.setattr(batches, "datetime", SimpleNamespace(now=lambda: next(times)))
    app = open_page("train")
    for _ in range(2):
        app.multiselect[0].set_value([BUNDLED, STATIC]).run()
        button(app, "Start 2 trainings").click().run()
        button(app, "Set up another training").click().run()
    runs = workspace.runs.all()
    assert len({run.batch for run in runs}) == 2
    first = runs[0]
    first.model_dir.mkdir(parents=True)
    (first.model_dir / "closer.json").write_text('{"texts_per_second": 1234.5}')
    shown = open_page("train", run=first.id).dataframe
    (table,) = [one.value for one in shown if "Base model" in one.value]
    assert len(table) == 2
    assert set(table["Base model"]) == {BUNDLED, STATIC}
    assert table.set_index("Base model").loc[first.model, "Encoding (texts/s)"] == "1,234"
    assert "Settings" not in table


def test_a_new_run_begins_with_the_settings_of_another(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    """All of them, prompts that were set by hand too; those of the model are chosen again."""
    settings: dict[str, Any] = {"epochs": 7, "batch_size": 24, "loss": "CachedMultipleNegativesRanking", "lora_rank": 8}
    by_hand: dict[str, Any] = {"query_prompt": "ask: ", "document_prompt": "", "prompt_source": PromptSource.HAND}
    older, prompted = make_run(recipe=settings), make_run(recipe=settings | by_hand)
    for run in (older, prompted):
        app = open_page("train", like=run.id, dataset=run.dataset)
        assert not app.exception
        assert {one.label: one.value for one in app.number_input}["Epochs"] == 7
        button(app, "Start training").click().run()
        made = workspace.runs.all()[0]
        assert made.model == run.model
        expected = run.recipe if run is prompted else run.recipe.with_prompts("", "", PromptSource.NONE)
        assert made.recipe == expected
    (command,) = [one.value for one in app.code if one.value.startswith("python -m lib train ")]
    assert command == train_command(made)


def test_settings_that_do_not_fit_the_chosen_data_or_a_run_that_is_gone_leave_a_usable_form(
    open_page: Callable[..., AppTest], make_run: Callable[..., Run], workspace: Workspace
) -> None:
    run = make_run(recipe={"epochs": 7, "loss": "CachedMultipleNegativesRanking"})
    scored = prepare(of_shape(Shape.SCORED))
    other = workspace.datasets.publish(scored, name="Scored")
    app = open_page("train", like=run.id, dataset=other.id)
    assert not app.exception
    assert not app.error
    assert {one.label: one.value for one in app.number_input}["Epochs"] == 7
    assert not button(app, "Start training").disabled
    gone = open_page("train", like="nope")
    assert not gone.exception
    assert not button(gone, "Start training").disabled


def test_a_form_that_an_editor_fills_in_has_a_worker_ready(
    open_page: Callable[..., AppTest], dataset: Dataset, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Supervising:
        is_viewer, trouble, expects = False, "", 0

        def expect_work(self) -> None:
            Supervising.expects += 1

    monkeypatch.setattr(supervisor_status, "_supervisors", [Supervising()])
    open_page("train")
    asked = Supervising.expects
    assert asked
    monkeypatch.setattr(form, "session_may_change", lambda: False)
    open_page("train")
    assert Supervising.expects == asked
