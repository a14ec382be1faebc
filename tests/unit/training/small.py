"""Small data of every shape, in which the tiny model can learn, and a training in one call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.progress import Silent
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.training.run import TrainResult, train_model

os.environ.setdefault("HF_HUB_OFFLINE", "1")

THINGS = ("list", "file", "string", "number", "date", "socket", "thread", "table", "picture", "queue", "key", "letter")
DEEDS = ("sort", "open", "join", "count", "close", "send", "draw", "lock", "copy", "move")
FAST = Recipe(epochs=4, batch_size=16, learning_rate=2e-3, patience=0, precision="fp32", threads=1)


class Recorder(Silent):
    """Keeps what a training tells; raises where asked to."""

    def __init__(self) -> None:
        self.losses: list[tuple[float, float]] = []
        self.measurements: list[dict[str, Any]] = []
        self.stages: list[str] = []
        self.logs: list[str] = []
        self.steps_resumed: list[int] = []
        self.where: list[str] = []

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        self.stages.append(f"{name} {detail}".strip())

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None:
        self.losses.append((epoch, loss))

    def snapshot_metrics(self, **facts: Any) -> None:
        self.measurements.append(facts)

    def resume(self, *, step: int, epoch: float) -> None:
        self.steps_resumed.append(step)

    def places(self, places: Sequence[str]) -> None:
        self.where = list(places)

    def log(self, text: str, *, level: str = "info") -> None:
        self.logs.append(text)

    def mean_loss(self, epoch: int) -> float:
        """Compute the mean loss of one epoch, counted from 1."""
        found = [loss for at, loss in self.losses if epoch - 1 < at <= epoch]
        return sum(found) / len(found)


@dataclass
class Session:
    """Result and progress of one training in a test."""

    result: TrainResult
    progress: Recorder = field(default_factory=Recorder)


def frame_of(shape: Shape, *, classes: int = 2, rows: int = 120) -> pd.DataFrame:
    """Build a split dataset frame: texts are a deed and a thing; the same thing belongs together."""
    examples = [(f"{deed} a {thing}", f"{thing} {deed}er ({thing})") for thing in THINGS for deed in DEEDS][:rows]
    count = len(examples)
    frame = pd.DataFrame({"line": range(2, count + 2), "component": range(count)})
    frame["part"] = ["validation" if i % 7 == 3 else "held_out" if i % 7 == 5 else "train" for i in range(count)]
    if shape is Shape.LABELLED_TEXTS:
        return frame.assign(text=[f"{a}: {b}" for a, b in examples], label=[THINGS[i // 10] for i in range(count)])
    frame["anchor"] = [anchor for anchor, _ in examples]
    far = [examples[(i + 37) % count][1] for i in range(count)]
    same = [i % classes == 1 for i in range(count)]
    if shape is Shape.SCORED:
        return frame.assign(positive=_mixed(examples, far, same), score=[0.9 if s else 0.1 for s in same])
    if shape is Shape.LABELLED_PAIRS:
        return frame.assign(positive=_mixed(examples, far, same), label=[str(i % classes) for i in range(count)])
    frame["positive"] = [positive for _, positive in examples]
    return frame.assign(negative=far) if shape is Shape.TRIPLETS else frame


def _mixed(examples: list[tuple[str, str]], far: list[str], same: list[bool]) -> list[str]:
    return [own[1] if s else other for own, other, s in zip(examples, far, same, strict=True)]


def train_small(
    shape: Shape, recipe: Recipe, *, model: Path, folder: Path, frame: pd.DataFrame | None = None, progress: Any = None
) -> Session:
    """Train the tiny model on small data of a shape."""
    progress = progress or Recorder()
    data = frame if frame is not None else frame_of(shape)
    result = train_model(
        inputs=ModelInputs.of(data, shape, recipe),
        model_name=str(model),
        recipe=recipe,
        folder=folder / "run",
        home=folder / "home",
        progress=progress,
    )
    return Session(result, progress)
