"""How long will a training take, and how much memory? Some real steps of it, in a process of their own, with nothing kept.

`start` and `result` are for pages and import nothing heavy; `python -m lib.experiments.cost_estimate` does the work.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from lib.data.shapes import Shape
from lib.errors import CancelledError, CloserError, error_from_json
from lib.process import exit_when_terminated, start_module
from lib.progress import Silent
from lib.store.layout import WorkspacePaths
from lib.store.publish import write_atomic
from lib.store.workspace import open_workspace
from lib.training import cadence
from lib.training.recipe import Recipe

if TYPE_CHECKING:
    import pandas as pd

    from lib.training.state import TrainState

STEPS = 6
WARM_STEPS = 2
"""The first steps pay for what is paid once; they are left out."""

MOST_BATCHES = 12
LOOKED_AT = 200
COSTS_NOTHING = (
    "epochs",
    "seed",
    "patience",
    "evaluate_every",
    "learning_rate",
    "warmup",
    "schedule",
    "weight_decay",
    "scale",
    "margin",
)
"""Settings that change nothing of what a step, a look or a checkpoint costs."""


@dataclass(frozen=True)
class Estimate:
    """What some steps took: seconds of a step, of a look at the validation part and of a checkpoint; most bytes; device in words."""

    step_seconds: float
    look_seconds: float
    checkpoint_seconds: float
    memory: int
    device: str

    def seconds(self, recipe: Recipe, *, steps: int) -> float:
        """Return the seconds of a training with all its epochs, of so many steps each: steps, looks (the base's too), checkpoints."""
        looks = 1 + cadence.validations_left(recipe)
        whole = recipe.epochs * steps * self.step_seconds + looks * self.look_seconds
        return whole + cadence.checkpoint_seconds(epochs=recipe.epochs, cost=self.checkpoint_seconds, whole=whole)


class Probe(Silent):
    """A Progress that takes the time of some steps, asks for a checkpoint at the last one, and stops the training."""

    def __init__(self) -> None:
        self.training: TrainState | None = None
        self.seconds: list[float] = []
        self.device = ""

    def log(self, text: str, *, level: str = "info") -> None:
        self.device = self.device or text

    def check(self) -> None:
        training = self.training
        if training is None or training.steps == len(self.seconds):
            return
        self.seconds.append(training.seconds)
        if training.steps == STEPS:
            training.checkpoint_every = 0.0
        if training.steps > STEPS:
            raise CancelledError("Measured enough.")


def place(home: Path, *, dataset: str, model: str, recipe: Recipe) -> Path:
    """Return the file that the estimate of this training is written to."""
    kept = {name: value for name, value in recipe.to_dict().items() if name not in COSTS_NOTHING}
    mark = hashlib.sha256(
        json.dumps([dataset, model, kept, [field.name for field in fields(Estimate)]], sort_keys=True).encode()
    ).hexdigest()[:20]
    return WorkspacePaths(home).estimates / f"{mark}.json"


def start(home: Path, *, dataset: str, model: str, recipe: Recipe) -> subprocess.Popen[bytes]:
    """Measure in a process of its own; `result` says when it is there."""
    path = place(home, dataset=dataset, model=model, recipe=recipe)
    path.parent.mkdir(parents=True, exist_ok=True)
    request = json.dumps([str(home), dataset, model, recipe.to_dict(), str(path)])
    return start_module("lib.experiments.cost_estimate", request)


def result(home: Path, *, dataset: str, model: str, recipe: Recipe) -> Estimate | None:
    """Return the estimate, or None while there is none. Raises the error that the measuring met."""
    path = place(home, dataset=dataset, model=model, recipe=recipe)
    if not path.is_file():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    if "error" in found:
        path.unlink(missing_ok=True)
        raise error_from_json(found["error"])
    return Estimate(**found)


def measure(home: Path, *, dataset: str, model: str, recipe: Recipe) -> Estimate:
    """Train for a few steps on a part of the data and return what they took."""
    from lib.training.validation_sample import count_validation_texts

    found = open_workspace(home).datasets.get(dataset)
    frame = found.frame()
    rows = frame[frame["part"] == "train"].head(MOST_BATCHES * recipe.batch_size)
    looked = frame[frame["part"] == "validation"].head(LOOKED_AT)
    with tempfile.TemporaryDirectory(dir=WorkspacePaths(home).cache) as folder:
        probe = probed(frame.loc[[*rows.index, *looked.index]], found.shape, model, recipe, Path(folder), home)
    return summary(probe, texts=count_validation_texts(frame, Shape(found.shape)))


def probed(frame: pd.DataFrame, shape: str, model: str, recipe: Recipe, folder: Path, home: Path) -> Probe:
    """Train on the frame until enough is measured, and return the probe with what it saw."""
    from lib.training import run
    from lib.training.examples import training_columns
    from lib.training.loop import run_epochs
    from lib.training.memory import naming_memory

    probe, rows = Probe(), training_columns(frame, Shape(shape))
    recipe = recipe.for_shape(shape, classes=len(rows.classes))
    with run.thread_count(recipe.threads), suppress(CancelledError):  # by our own probe
        run.seed_everything(recipe)
        probe.training = run.open_training(frame, rows, Shape(shape), model, recipe, folder, home, probe)
        with naming_memory(recipe, probe.training.model):
            run_epochs(probe.training)
    return probe


def summary(probe: Probe, *, texts: int) -> Estimate:
    """Return the probe's figures: the median step after the first ones, a look at so many texts by what training on them costs."""
    from lib.training.memory import peak_memory

    training = probe.training
    gaps = [after - before for before, after in zip(probe.seconds, probe.seconds[1:], strict=False)]
    usual = sorted(gaps[WARM_STEPS:] or gaps)
    if training is None or not usual:
        raise CloserError("There are too few training rows to measure a step.")
    step = usual[len(usual) // 2]
    return Estimate(
        step_seconds=step,
        look_seconds=step * cadence.validation_steps(texts, texts_of_a_step=training.texts_of_a_step),
        checkpoint_seconds=training.checkpoint_seconds or 0.0,
        memory=peak_memory(training.model.device),
        device=probe.device,
    )


def main() -> int:
    """Measure what is asked for on the command line and write it to its file."""
    exit_when_terminated()
    home, dataset, model, values, path = json.loads(sys.argv[1])
    try:
        found = asdict(measure(Path(home), dataset=dataset, model=model, recipe=Recipe.from_dict(values)))
    except CloserError as error:
        found = {"error": error.to_json()}
    write_atomic(Path(path), json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
