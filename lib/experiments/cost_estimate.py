"""Estimate a training's time and memory from some real steps, in a process that saves nothing.

Pages import this module: what brings torch is imported inside `python -m lib.experiments.cost_estimate`.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.errors import CancelledError, CloserError, TrainingError
from lib.process import ChildDiedError, answer_call, call_module
from lib.progress import Silent
from lib.recipe.recipe import Recipe
from lib.store.context import JobContext
from lib.store.jobs import Job
from lib.store.layout import WorkspacePaths
from lib.store.publish import write_atomic
from lib.store.workspace import Workspace, open_workspace
from lib.training import cadence
from lib.typed_json import JsonError, read_stored, typed

if TYPE_CHECKING:
    from lib.training.state import TrainState

STEPS = 6
WARM_STEPS = 2
"""The first steps pay for what is paid once; they are left out."""

MAX_BATCHES = STEPS
"""So that every row of them is in a measured step."""

MAX_VALIDATION_ROWS = 200
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
    "keep_checkpoint",
    "where",
    "processes",
    "address",
)
"""Settings that change nothing of what a step, a validation or a checkpoint costs in one process, where they are measured."""


@dataclass(frozen=True)
class Estimate:
    """Costs measured on some steps: seconds of a step, a validation and a checkpoint, and memory.

    Most bytes, the device in words, and what the training would warn of before its first step.
    """

    step_seconds: float
    validation_seconds: float
    checkpoint_seconds: float
    memory: int
    device: str
    warnings: tuple[str, ...] = ()

    def seconds(self, recipe: Recipe, *, steps: int) -> float:
        """Estimate the seconds of a training of all epochs with so many steps each.

        In it: steps, validations (the base's too), checkpoints.
        """
        validations = 1 + cadence.validations_left(recipe)
        whole = recipe.epochs * steps * self.step_seconds + validations * self.validation_seconds
        return whole + cadence.checkpoint_seconds(epochs=recipe.epochs, cost=self.checkpoint_seconds, whole=whole)


class Probe(Silent):
    """A Progress that times some steps, asks for a checkpoint at the last one, and stops the training."""

    def __init__(self) -> None:
        self.training: TrainState | None = None
        self.seconds: list[float] = []
        self.device = ""
        self.warnings: list[str] = []

    def log(self, text: str, *, level: str = "info") -> None:
        self.device = self.device or text
        if level == "warning" and not self.seconds:
            self.warnings.append(text)

    def check(self) -> None:
        training = self.training
        if training is None or training.steps == len(self.seconds):
            return
        self.seconds.append(training.seconds)
        if training.steps == STEPS:
            training.checkpoint_every = 0.0
        if training.steps > STEPS:
            raise CancelledError("Measured enough.")


@dataclass(frozen=True)
class PlannedTraining:
    """A training that somebody may start. dataset: its id; model: the base model's name or folder."""

    dataset: str
    model: str
    recipe: Recipe

    @property
    def key(self) -> str:
        """The same for all trainings whose steps cost the same."""
        settings = {name: value for name, value in self.recipe.to_json().items() if name not in COSTS_NOTHING}
        facts = [self.dataset, self.model, settings, [field.name for field in fields(Estimate)]]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]

    def path(self, home: Path) -> Path:
        """Build the path of its estimate."""
        return WorkspacePaths(home).estimates / f"{self.key}.json"

    def job(self, workspace: Workspace) -> Job | None:
        """Look up the job that measures it, or that did."""
        return workspace.jobs.find(f"estimate-{self.key}")

    def submit(self, workspace: Workspace, *, session: str) -> Job:
        """Queue its measuring. session: the browser session that asks for it, which may cancel it."""
        payload = {"model": self.model, "recipe": self.recipe.to_json(), "session": session}
        return workspace.jobs.submit_on_dataset(
            "estimate", dataset=self.dataset, payload=payload, key=f"estimate-{self.key}"
        )


def load_estimate(home: Path, training: PlannedTraining) -> Estimate | None:
    """Read the estimate, or None while there is none."""
    try:
        estimate: Estimate = typed(Estimate, read_stored(training.path(home)))
    except (OSError, JsonError):  # also an error, which an older version wrote there
        return None
    return estimate


def write_estimate(context: JobContext) -> None:
    """Measure what the job asks for in a process of its own.

    Its peak of memory is that of these steps alone.
    """
    workspace, payload = context.workspace, context.payload
    training = PlannedTraining(context.dataset.id, payload["model"], Recipe.from_json(payload["recipe"]))
    paths = WorkspacePaths(workspace.home)
    with tempfile.TemporaryDirectory(dir=paths.cache) as name:
        request = {"home": str(workspace.home), "dataset": training.dataset, "folder": name} | payload
        try:
            facts = call_module(
                "lib.experiments.cost_estimate",
                request,
                folder=Path(name),
                check=context.progress.check,
                log=paths.log("worker"),
            )
        except ChildDiedError as error:
            raise TrainingError(
                "The steps could not be measured: their process ended too early.",
                todo="Memory may be too small for this batch size; see logs/worker.log.",
            ) from error
    path = training.path(workspace.home)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, json.dumps(facts))


def measure_cost(home: Path, training: PlannedTraining, *, folder: Path) -> Estimate:
    """Train for a few steps on a part of the data and give what they took. folder: gets the checkpoints."""
    from lib.training.validation_sample import count_validation_texts

    dataset = open_workspace(home).datasets.get(training.dataset)
    inputs = ModelInputs.of(dataset.frame(), dataset.shape, training.recipe)
    frame = inputs.frame
    rows = frame[frame["part"] == "train"]
    # memory peaks where the longest text is: its row is measured too
    rows = rows.loc[[longest_row(rows, list(inputs.columns)), *rows.index]]
    rows = rows[~rows.index.duplicated()].head(MAX_BATCHES * training.recipe.batch_size)
    validation = frame[frame["part"] == "validation"].head(MAX_VALIDATION_ROWS)
    some = frame.loc[[*rows.index, *validation.index]]
    probe = train_probe(inputs.with_frame(some), training.model, training.recipe, folder, home)
    return summarise_probe(probe, texts=count_validation_texts(inputs))


def longest_row(rows: pd.DataFrame, columns: list[str]) -> int:
    """Find the index of the row with the longest text."""
    return int(rows[columns].map(len).max(axis=1).idxmax())


def train_probe(inputs: ModelInputs, model: str, recipe: Recipe, folder: Path, home: Path) -> Probe:
    """Train on the inputs until enough is measured, and return the probe with what it saw."""
    from lib.training import run
    from lib.training.examples import training_columns
    from lib.training.loop import run_epochs
    from lib.training.memory import naming_memory

    probe, rows = Probe(), training_columns(inputs)
    recipe = recipe.for_shape(inputs.shape, classes=len(rows.classes))
    with run.thread_count(recipe.threads), suppress(CancelledError):  # by our own probe
        run.seed_everything(recipe)
        probe.training = run.open_training(
            inputs, rows, model_name=model, recipe=recipe, folder=folder, home=home, progress=probe
        )
        with naming_memory(recipe, probe.training.model):
            run_epochs(probe.training)
    return probe


def summarise_probe(probe: Probe, *, texts: int) -> Estimate:
    """Estimate from a probe: the median step after the first ones, and a validation of so many texts."""
    from lib.training.memory import peak_memory

    training = probe.training
    gaps = [after - before for before, after in zip(probe.seconds, probe.seconds[1:], strict=False)]
    usual = sorted(gaps[WARM_STEPS:] or gaps)
    if training is None or not usual:
        raise CloserError("There are too few training rows to measure a step.")
    step = usual[len(usual) // 2]
    return Estimate(
        step_seconds=step,
        validation_seconds=step * cadence.validation_steps(texts, texts_of_a_step=training.texts_of_a_step),
        checkpoint_seconds=training.checkpoint_seconds or 0.0,
        memory=peak_memory(training.model.device),
        device=probe.device,
        warnings=tuple(probe.warnings),
    )


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    training = PlannedTraining(request["dataset"], request["model"], Recipe.from_json(request["recipe"]))
    return asdict(measure_cost(Path(request["home"]), training, folder=Path(request["folder"]) / "training"))


if __name__ == "__main__":
    raise SystemExit(answer_call(_answer))
