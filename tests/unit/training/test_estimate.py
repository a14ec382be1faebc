"""What a training will cost: the sum over steps and looks, from real steps that leave nothing behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from lib.data.prepare import prepare
from lib.errors import CloserError
from lib.experiments import cost_estimate
from lib.store.datasets import Dataset
from lib.store.workspace import open_workspace
from lib.training.recipe import RECOMMENDED, Recipe


@pytest.fixture
def dataset(home: Path) -> Dataset:
    """Give a small dataset of pairs."""
    rows = [(f"question {n} about {n * 7}", f"answer {n} to {n * 7}") for n in range(120)]
    prepared = prepare(pd.DataFrame(rows, columns=["source_sentence", "target_sentence"]))
    return open_workspace(home).datasets.publish(prepared, name="Pairs")


def small(**changes: object) -> Recipe:
    """Return a recipe of few rows a step."""
    return replace(RECOMMENDED, batch_size=4, **changes).for_shape("pairs")  # type: ignore[arg-type]


def test_the_time_is_that_of_all_steps_looks_and_checkpoints() -> None:
    found = cost_estimate.Estimate(step_seconds=2.0, look_seconds=0.5, checkpoint_seconds=0.1, memory=1, device="")
    recipe = replace(RECOMMENDED, epochs=3, evaluate_every=2)
    # 3 epochs of 7 steps; looks at the base and after the second and the third epoch; a checkpoint after each epoch.
    assert found.seconds(recipe, steps=7) == pytest.approx(3 * 7 * 2.0 + 3 * 0.5 + 3 * 0.1)


def test_some_real_steps_are_measured_and_nothing_is_kept(home: Path, dataset: Dataset, tiny_model: Path) -> None:
    found = cost_estimate.measure(home, dataset=dataset.id, model=str(tiny_model), recipe=small())
    assert found.step_seconds > 0
    assert found.checkpoint_seconds > 0
    assert 50_000_000 < found.memory < 4_000_000_000
    assert "cpu" in found.device
    assert [path for path in (home / "cache").iterdir() if path.is_dir() and path.name.startswith("tmp")] == []
    assert open_workspace(home).runs.all() == []


def test_a_look_is_counted_by_the_texts_of_the_whole_dataset(home: Path, dataset: Dataset, tiny_model: Path) -> None:
    """The probe trains on a part of the data; a look encodes all targets, the sources of the part, and the shown texts."""
    found = cost_estimate.measure(home, dataset=dataset.id, model=str(tiny_model), recipe=small())
    # 120 pairs of distinct texts, all of them shown; a step trains on 4 pairs, and encoding costs a third of that.
    assert found.look_seconds / found.step_seconds == pytest.approx(240 / 8 / 3)


def test_so_few_rows_that_no_step_can_be_measured(home: Path, dataset: Dataset, tiny_model: Path) -> None:
    """One step in all: it ends before there is anything to compare, and says so."""
    recipe = replace(small(epochs=1), batch_size=4096)
    with pytest.raises(CloserError, match="too few"):
        cost_estimate.measure(home, dataset=dataset.id, model=str(tiny_model), recipe=recipe)


def test_the_estimate_of_a_process_is_there_for_every_number_of_epochs(
    home: Path, dataset: Dataset, tiny_model: Path
) -> None:
    asked = {"dataset": dataset.id, "model": str(tiny_model)}
    assert cost_estimate.result(home, recipe=small(), **asked) is None
    assert cost_estimate.start(home, recipe=small(), **asked).wait(timeout=120) == 0
    for same in (small(epochs=500), small(learning_rate=1e-3, schedule="constant", patience=0)):
        assert cost_estimate.result(home, recipe=same, **asked) is not None
    assert cost_estimate.result(home, recipe=small(max_length=16), **asked) is None


def test_a_model_that_cannot_be_loaded_is_told_once(home: Path, dataset: Dataset) -> None:
    asked = {"dataset": dataset.id, "model": "/nowhere"}
    cost_estimate.start(home, recipe=small(), **asked).wait(timeout=120)
    with pytest.raises(CloserError, match="nowhere"):
        cost_estimate.result(home, recipe=small(), **asked)
    assert cost_estimate.result(home, recipe=small(), **asked) is None
