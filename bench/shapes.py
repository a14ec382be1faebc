"""Which loss, margin and learning rate for the shapes that are no pairs?

Small trainings of the bundled model, measured on validation.

python -m bench.shapes NAME=FILE ... : writes bench/README.md, section Other shapes. --rows training rows, two epochs each, one seed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from bench.results import put
from lib.data.model_inputs import ModelInputs
from lib.data.prepare import prepare
from lib.metrics import selection_metric
from lib.progress import Silent
from lib.recipe.presets import RECOMMENDED
from lib.recipe.recipe import Recipe
from lib.settings import BUNDLED_MODEL
from lib.shapes import Shape
from lib.training.run import train_model

RATES = (2e-5, 1e-4, 2e-4)
LOOKED_AT = 1_000
CHOICES: dict[Shape, list[dict[str, Any]]] = {
    Shape.LABELLED_TEXTS: [
        {"loss": "BatchAllTriplet", "margin": 5.0},
        {"loss": "BatchAllTriplet", "margin": 1.0},
        {"loss": "BatchAllTriplet", "margin": 0.5},
        {"loss": "BatchAllTriplet", "margin": 0.2},
        {"loss": "BatchAllTriplet", "margin": 0.1},
        {"loss": "BatchHard", "margin": 0.2},
        {"loss": "BatchHardSoftMargin"},
        {"loss": "BatchSemiHard", "margin": 0.2},
    ],
    Shape.TRIPLETS: [{}, {"loss": "Triplet", "margin": 5.0}, {"loss": "Triplet", "margin": 0.2}],
}


class Measures(Silent):
    """Keeps what each look measured."""

    def __init__(self) -> None:
        self.found: list[Mapping[str, float]] = []

    def snapshot_metrics(
        self, *, part: str, snapshot: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None:
        self.found.append(metrics)


def part_of(path: Path, rows: int) -> tuple[pd.DataFrame, Shape]:
    """Draw a fair sample of the training and validation rows of a file."""
    prepared = prepare(pd.read_csv(path, dtype=str, keep_default_na=False))
    parts = [
        prepared.frame[prepared.frame["part"] == part].sample(frac=1, random_state=0).head(most)
        for part, most in (("train", rows), ("validation", LOOKED_AT))
    ]
    return pd.concat(parts).sort_index().reset_index(drop=True), prepared.shape


def train(frame: pd.DataFrame, shape: Shape, recipe: Recipe, home: Path) -> list[float]:
    """Train and measure the base model and each epoch."""
    measures = Measures()
    with tempfile.TemporaryDirectory(dir=home) as folder:
        train_model(
            inputs=ModelInputs.of(frame, shape),
            model_name=BUNDLED_MODEL,
            recipe=recipe,
            folder=Path(folder),
            home=home,
            progress=measures,
        )
    return [metrics[selection_metric(shape)] for metrics in measures.found]


def main() -> None:
    """Train all choices and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", help="NAME=FILE")
    parser.add_argument("--rows", type=int, default=1_200)
    parser.add_argument("--rates", type=float, nargs="*", default=list(RATES))
    args = parser.parse_args()
    lines = ["| data | metric | loss, margin | rate | base | epoch 1 | epoch 2 |", "|---|---|---|---:|---:|---:|---:|"]
    with tempfile.TemporaryDirectory() as home:
        for name, _, path in (one.partition("=") for one in args.data):
            frame, shape = part_of(Path(path), args.rows)
            for choice in CHOICES.get(shape, [{}]):
                for rate in args.rates:
                    recipe = replace(RECOMMENDED, epochs=2, patience=0, learning_rate=rate, **choice)
                    found = train(frame, shape, recipe, Path(home))
                    what = f"{recipe.for_shape(shape).loss}{', ' + str(recipe.margin) if recipe.margin else ''}"
                    numbers = " | ".join(f"{value:.4f}" for value in found)
                    lines.append(f"| {name} | {selection_metric(shape)} | {what} | {rate:g} | {numbers} |")
                    print(lines[-1], flush=True)
    note = f"{args.rows:,} training rows, up to {LOOKED_AT:,} of validation, two epochs, seed 0."
    put("Other shapes", "\n".join([*lines, "", note]))


if __name__ == "__main__":
    main()
