"""What a training will cost: the sum over steps and looks, from real steps that leave nothing behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from lib.data.prepare import prepare
from lib.errors import CloserError
from lib.store.datasets import Dataset
from lib.store.workspace import open_workspace
from lib.training import estimate
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


def test_the_time_is_that_of_all_steps_and_all_looks() -> None:
    found = estimate.Estimate(step_seconds=2.0, look_seconds_per_row=0.5, memory=1, device="")
    recipe = replace(RECOMMENDED, epochs=3, batch_size=10, evaluate_every=2)
    # 3 epochs of ceil(25 / 10) steps, and looks at 4 rows: the base, and every second epoch of three.
    assert found.seconds(recipe, {"train": 25, "validation": 4}) == 3 * 3 * 2.0 + 3 * 4 * 0.5


def test_some_real_steps_are_measured_and_nothing_is_kept(home: Path, dataset: Dataset, tiny_model: Path) -> None:
    found = estimate.measure(home, dataset=dataset.id, model=str(tiny_model), recipe=small())
    assert found.step_seconds > 0
    assert found.memory > 50_000_000
    assert "cpu" in found.device
    assert [path for path in (home / "cache").iterdir() if path.is_dir() and path.name.startswith("tmp")] == []
    assert open_workspace(home).runs.all() == []


def test_the_estimate_of_a_process_is_there_for_every_number_of_epochs(
    home: Path, dataset: Dataset, tiny_model: Path
) -> None:
    asked = {"dataset": dataset.id, "model": str(tiny_model)}
    assert estimate.result(home, recipe=small(), **asked) is None
    assert estimate.start(home, recipe=small(), **asked).wait(timeout=120) == 0
    assert estimate.result(home, recipe=small(epochs=500), **asked) is not None
    assert estimate.result(home, recipe=small(max_length=16), **asked) is None


def test_a_model_that_cannot_be_loaded_is_told_once(home: Path, dataset: Dataset) -> None:
    asked = {"dataset": dataset.id, "model": "/nowhere"}
    estimate.start(home, recipe=small(), **asked).wait(timeout=120)
    with pytest.raises(CloserError, match="nowhere"):
        estimate.result(home, recipe=small(), **asked)
    assert estimate.result(home, recipe=small(), **asked) is None
