"""Small datasets and runs for tests, made the way the product makes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.prepare import prepare
from lib.data.prepared_dataset import PreparedDataset
from lib.data.table import Table
from lib.recipe.presets import RECOMMENDED
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.store.workspace import Workspace

COLOURS = ("red", "blue", "green", "black", "white", "brown", "grey", "pink")
THINGS = (
    "house",
    "river",
    "engine",
    "garden",
    "window",
    "bridge",
    "ticket",
    "market",
    "doctor",
    "village",
    "letter",
    "winter",
)
FAST = Recipe(epochs=2, batch_size=16, learning_rate=1e-3, packed=True, patience=0, threads=1)


def pairs(rows: int = 90) -> pd.DataFrame:
    """Build pairs that a model can learn: the same thing and colour in other words."""
    examples = [
        (f"where is the {colour} {thing} number {n}", f"{thing} {n} that is {colour} stands on shelf {n * 7}")
        for n in range(1, 4)
        for thing in THINGS
        for colour in COLOURS
    ]
    order = np.random.default_rng(3).permutation(len(examples))[:rows]
    return pd.DataFrame([examples[i] for i in order], columns=["source_sentence", "target_sentence"])


def of_shape(shape: Shape, rows: int = 90) -> pd.DataFrame:
    """Build a table of any of the five shapes."""
    table = pairs(rows)
    other = table["target_sentence"].sample(frac=1.0, random_state=1).to_numpy()
    generator = np.random.default_rng(5)
    if shape is Shape.TRIPLETS:
        return pd.DataFrame(
            {"anchor": table["source_sentence"], "positive": table["target_sentence"], "negative": other}
        )
    if shape is Shape.LABELLED_TEXTS:
        texts = table["source_sentence"]
        return pd.DataFrame({"text": texts, "label": [next(t for t in THINGS if f" {t} " in text) for text in texts]})
    right = generator.random(len(table)) < 0.5
    second = np.where(right, table["target_sentence"], other)
    if shape is Shape.SCORED:
        score = np.where(right, 4.0, 1.0) + generator.random(len(table)).round(2)
        return pd.DataFrame({"sentence1": table["source_sentence"], "sentence2": second, "score": score})
    if shape is Shape.LABELLED_PAIRS:
        return pd.DataFrame(
            {"question1": table["source_sentence"], "question2": second, "is_duplicate": right.astype(int)}
        )
    return table


def prepared(table: pd.DataFrame | None = None) -> PreparedDataset:
    """Read, audit and split a table."""
    table = pairs() if table is None else table
    return prepare(Table.from_frame(table.astype(str)))


def add_dataset(workspace: Workspace, *, name: str = "Colours", table: pd.DataFrame | None = None) -> Dataset:
    """Publish a small dataset."""
    return workspace.datasets.publish(prepared(table), name=name)


def add_run(
    workspace: Workspace, dataset: Dataset, model: Path | str, *, recipe: Recipe = FAST, **changes: object
) -> Run:
    """Queue a run on it."""
    return workspace.runs.create(dataset=dataset.id, model=str(model), recipe=replace(recipe, **changes))  # type: ignore[arg-type]


def fake_run(folder: Path = Path("nowhere"), **changes: Any) -> Run:
    """Build a finished run that no workspace knows, with any field changed."""
    fields: dict[str, Any] = {
        "id": "run",
        "name": "Run",
        "note": "",
        "starred": False,
        "dataset": "dataset",
        "model": "model",
        "recipe_text": RECOMMENDED.to_text(),
        "batch": "",
        "created": "2026-01-01T00:00:00+00:00",
        "headline": None,
        "deleted": None,
        "state": "succeeded",
        "reason": "",
        "job": 1,
        "started": None,
        "ended": None,
        "spent": 0.0,
        "folder": folder,
    }
    return Run(**(fields | changes))
