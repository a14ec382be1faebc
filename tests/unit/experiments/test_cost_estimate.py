"""What a training will cost: the sum over steps and looks, from real steps that leave nothing behind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest

from lib.data.prepare import prepare
from lib.errors import CloserError, ModelError
from lib.experiments.cost_estimate import Estimate, PlannedTraining, load_estimate, longest_row, measure_cost
from lib.jobs.worker import run_job, work
from lib.recipe.presets import RECOMMENDED
from lib.recipe.recipe import Recipe
from lib.store.datasets import Dataset
from lib.store.workspace import open_workspace


@pytest.fixture
def dataset(home: Path) -> Dataset:
    """Publish a small dataset of pairs."""
    rows = [(f"question {n} about {n * 7}", f"answer {n} to {n * 7}") for n in range(120)]
    prepared = prepare(pd.DataFrame(rows, columns=["source_sentence", "target_sentence"]))
    return open_workspace(home).datasets.publish(prepared, name="Pairs")


def small(**changes: object) -> Recipe:
    """Build a recipe of few rows a step."""
    return replace(RECOMMENDED, batch_size=4, **changes).for_shape("pairs")  # type: ignore[arg-type]


def test_the_time_is_that_of_all_steps_looks_and_checkpoints() -> None:
    found = Estimate(step_seconds=2.0, validation_seconds=0.5, checkpoint_seconds=0.1, memory=1, device="")
    recipe = replace(RECOMMENDED, epochs=3, evaluate_every=2)
    # 3 epochs of 7 steps; looks at the base and after the second and the third epoch; a checkpoint after each epoch.
    assert found.seconds(recipe, steps=7) == pytest.approx(3 * 7 * 2.0 + 3 * 0.5 + 3 * 0.1)


def plan_training(dataset: Dataset, model: Path | str, **changes: object) -> PlannedTraining:
    """Plan a training of few rows a step."""
    return PlannedTraining(dataset.id, str(model), small(**changes))


def test_some_real_steps_are_measured_and_nothing_is_kept(
    home: Path, tmp_path: Path, dataset: Dataset, tiny_model: Path
) -> None:
    found = measure_cost(home, plan_training(dataset, tiny_model), folder=tmp_path / "training")
    assert found.step_seconds > 0
    assert found.checkpoint_seconds > 0
    assert 50_000_000 < found.memory < 4_000_000_000
    assert "cpu" in found.device
    assert open_workspace(home).runs.all() == []


def test_the_steps_tell_what_the_training_would_warn_of(home: Path, tmp_path: Path, tiny_model: Path) -> None:
    rows = [("ก" * (at + 1), "ข" * (at + 1)) for at in range(60)]
    prepared = prepare(pd.DataFrame(rows, columns=["source_sentence", "target_sentence"]))
    dataset = open_workspace(home).datasets.publish(prepared, name="Thai")
    found = measure_cost(home, plan_training(dataset, tiny_model), folder=tmp_path / "training")
    assert any("Nearly all vectors" in text for text in found.warnings)
    assert any("unknown" in text for text in found.warnings)


def test_an_estimate_of_an_older_version_has_no_warnings(home: Path, dataset: Dataset, tiny_model: Path) -> None:
    path = plan_training(dataset, tiny_model).path(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = {"step_seconds": 1.0, "validation_seconds": 1.0, "checkpoint_seconds": 0.1, "memory": 1, "device": "cpu"}
    path.write_text(json.dumps(numbers))
    found = load_estimate(home, plan_training(dataset, tiny_model))
    assert found is not None
    assert found.warnings == ()


def test_a_look_is_counted_by_the_texts_of_the_whole_dataset(
    home: Path, tmp_path: Path, dataset: Dataset, tiny_model: Path
) -> None:
    """Train the probe on a part of the data; a validation encodes the texts of all of it.

    All targets, the sources of the part, and the shown texts.
    """
    found = measure_cost(home, plan_training(dataset, tiny_model), folder=tmp_path / "training")
    # 120 pairs of distinct texts, all of them shown; a step trains on 4 pairs, and encoding costs a third of that.
    assert found.validation_seconds / found.step_seconds == pytest.approx(240 / 8 / 3)


def test_so_few_rows_that_no_step_can_be_measured(
    home: Path, tmp_path: Path, dataset: Dataset, tiny_model: Path
) -> None:
    """One step in all: it ends before there is anything to compare, and says so."""
    one_step = plan_training(dataset, tiny_model, epochs=1)
    one_step = replace(one_step, recipe=replace(one_step.recipe, batch_size=4096))
    with pytest.raises(CloserError, match="too few"):
        measure_cost(home, one_step, folder=tmp_path / "training")


def test_the_estimate_of_a_job_is_there_for_every_number_of_epochs(
    home: Path, dataset: Dataset, tiny_model: Path
) -> None:
    workspace = open_workspace(home)
    training = plan_training(dataset, tiny_model)
    assert load_estimate(home, training) is None
    job = training.submit(workspace, session="a")
    work(home)
    assert workspace.jobs.get(job.id).state == "succeeded", workspace.jobs.get(job.id).reason
    for changes in ({"epochs": 500}, {"learning_rate": 1e-3, "schedule": "constant", "patience": 0}):
        assert load_estimate(home, plan_training(dataset, tiny_model, **changes)) is not None
    assert load_estimate(home, plan_training(dataset, tiny_model, max_length=16)) is None
    assert [path for path in (home / "cache").iterdir() if path.name.startswith("tmp")] == []
    assert list((home / "logs").glob("job-*")) == []


def test_why_a_measuring_failed_comes_home_whole_and_it_can_be_asked_for_again(home: Path, dataset: Dataset) -> None:
    workspace = open_workspace(home)
    training = plan_training(dataset, "/nowhere")
    job = training.submit(workspace, session="a")
    assert training.submit(workspace, session="b").id == job.id
    work(home)
    error = workspace.jobs.get(job.id).error
    assert isinstance(error, ModelError)
    assert "nowhere" in error.what
    assert error.todo
    again = training.submit(workspace, session="b")
    assert (again.id, again.state, again.error) == (job.id, "queued", None)
    assert again.payload["session"] == "b"


def test_a_measuring_that_is_cancelled_ends_its_process(home: Path, dataset: Dataset, tiny_model: Path) -> None:
    workspace = open_workspace(home)
    job = workspace.jobs.claim(plan_training(dataset, tiny_model).submit(workspace, session="a").id)
    assert job is not None
    workspace.jobs.cancel(job.id)
    assert run_job(workspace, job) == "cancelled"
    assert psutil.Process().children() == []
    assert load_estimate(home, plan_training(dataset, tiny_model)) is None


def test_the_row_with_the_longest_text_is_measured() -> None:
    rows = pd.DataFrame({"anchor": ["a", "bb", "c"], "positive": ["d", "e", "f" * 9]}, index=[4, 7, 9])
    assert longest_row(rows, ["anchor", "positive"]) == 9
