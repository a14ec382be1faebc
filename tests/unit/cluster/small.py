"""A training for two processes: the tiny model on small pairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lib.cluster.request import TrainingRequest
from lib.progress import Progress
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.training.run import train_model
from tests.unit.training.small import FAST, frame_of

TWO = replace(FAST, epochs=3, where="devices", processes=2, query_prompt="ask: ", document_prompt="tell: ")


def small_request(folder: Path, model: Path, recipe: Recipe = TWO) -> TrainingRequest:
    """Write the pairs and make the request; the run's folder is below."""
    folder.mkdir(exist_ok=True)
    examples = folder / "examples.parquet"
    frame_of(Shape.PAIRS).to_parquet(examples)
    return TrainingRequest(
        examples=str(examples),
        shape=Shape.PAIRS.value,
        model=str(model),
        recipe=recipe.to_json(),
        folder=str(folder / "run"),
        home=str(folder / "home"),
    )


def train_here(request: TrainingRequest, progress: Progress) -> None:
    """Train in this process what a process of a cluster is asked for."""
    train_model(
        inputs=request.read_inputs(),
        model_name=request.model,
        recipe=Recipe.from_json(request.recipe),
        folder=Path(request.folder),
        home=Path(request.home),
        progress=progress,
        card=request.card,
    )
