"""The steps that a page promises are those that the trainer's own batches have."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset
from sentence_transformers.base.sampler import GroupByLabelBatchSampler

from lib.recipe.presets import RECOMMENDED
from lib.shapes import Shape
from lib.training.batches import FairBatches
from lib.training.epoch_plan import EpochPlan, count_texts, grouped_size, plan_epoch
from lib.training.examples import text_ids


def part(**columns: list[str]) -> pd.DataFrame:
    """Build a frame whose rows are all of the training part, but for one."""
    frame = pd.DataFrame(columns)
    frame["part"] = "train"
    return pd.concat([frame, frame.head(1).assign(part="held_out")], ignore_index=True)


@pytest.mark.parametrize("rows", [2, 16, 17, 18, 100])
def test_pairs_without_repeats_are_all_seen(rows: int) -> None:
    frame = part(anchor=[f"a{n}" for n in range(rows)], positive=[f"p{n}" for n in range(rows)])
    recipe = replace(RECOMMENDED, batch_size=16).for_shape(Shape.PAIRS)
    found = plan_epoch(count_texts(frame, Shape.PAIRS), Shape.PAIRS, recipe)
    train = frame[frame["part"] == "train"]
    anchors, targets = text_ids(train["anchor"].tolist(), train["positive"].tolist())
    batches = list(FairBatches(anchors, targets, batch_size=16, seed=0))
    assert found.steps == len(batches)
    assert found.coverage == sum(map(len, batches))
    assert found.sees_all == (rows != 17)  # one pair alone in a batch would teach nothing


def test_a_target_of_many_rows_is_seen_once_a_step() -> None:
    """Texts count as the same as they do in a batch: by letters, not by case."""
    frame = part(anchor=[f"a{n}" for n in range(80)], positive=["Same", "same"] * 30 + [f"p{n}" for n in range(20)])
    recipe = replace(RECOMMENDED, batch_size=8).for_shape(Shape.PAIRS)
    found = plan_epoch(count_texts(frame, Shape.PAIRS), Shape.PAIRS, recipe)
    assert found == EpochPlan(steps=10, batch=8, coverage=30, rows=80)
    train = frame[frame["part"] == "train"]
    anchors, targets = text_ids(train["anchor"].tolist(), train["positive"].tolist())
    seen = {row for batch in FairBatches(anchors, targets, batch_size=8, seed=0) for row in batch}
    assert len(seen) <= found.coverage


@pytest.mark.parametrize("size", [4, 7, 16])
@pytest.mark.parametrize("counts", [(9, 9, 9), (100, 3, 2), (1, 2, 30), (5, 4)])
def test_labelled_texts_have_the_stock_samplers_steps(counts: tuple[int, ...], size: int) -> None:
    labels = [f"class {number}" for number, count in enumerate(counts) for _ in range(count)]
    frame = part(text=[f"text {n}" for n in range(len(labels))], label=labels)
    recipe = replace(RECOMMENDED, batch_size=size).for_shape(Shape.LABELLED_TEXTS)
    found = plan_epoch(count_texts(frame, Shape.LABELLED_TEXTS), Shape.LABELLED_TEXTS, recipe)
    stock = GroupByLabelBatchSampler(
        Dataset.from_dict({"label": list(np.unique(labels, return_inverse=True)[1])}),
        batch_size=grouped_size(size),
        drop_last=False,
        valid_label_columns=["label"],
    )
    batches = list(stock)
    assert found.coverage == sum(map(len, batches))
    assert found.steps == max(1, len(batches))


def test_other_losses_see_every_row() -> None:
    frame = part(anchor=["a"] * 33, positive=["p"] * 33)
    recipe = replace(RECOMMENDED, batch_size=16).for_shape(Shape.SCORED)
    assert plan_epoch(count_texts(frame, Shape.SCORED), Shape.SCORED, recipe) == EpochPlan(3, 16, 33, 33)


def test_counting_is_light() -> None:
    """Pages ask: no torch, no transformers."""
    code = "import sys, lib.training.epoch_plan, lib.training.cadence; print([m for m in ('torch', 'transformers') if m in sys.modules])"
    root = Path(__file__).resolve().parents[3]
    out = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
