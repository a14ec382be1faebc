"""One training while it runs: its parts, what was measured so far, and what comes of it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import ModelInputs
from lib.evaluation.task import EvalTask
from lib.metrics import selection_metric
from lib.progress import Progress
from lib.recipe.recipe import Recipe
from lib.shapes import Shape
from lib.store.layout import RunPaths
from lib.store.snapshots import SnapshotWriter
from lib.training import cadence
from lib.training.examples import TrainingColumns
from lib.training.ranks import ALONE, Ranks
from lib.typed_json import JsonError, typed


@dataclass(frozen=True)
class TrainResult:
    """The result of a training. `epochs` has one entry a validation; epoch 0 is the base model.

    seconds: spent on steps alone, measuring left out. peak_memory: most bytes this process has held.
    """

    best_epoch: int
    epochs: list[dict[str, Any]]
    model_dir: Path
    partial: bool
    device: str
    seconds: float
    peak_memory: int


@dataclass
class History:
    """What was measured so far; stored in every checkpoint."""

    epochs: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    best: float = -np.inf
    evals_without_improvement: int = 0
    train_seconds: float = 0.0
    epochs_done: int = 0

    def to_json(self) -> dict[str, Any]:
        """Convert the history to JSON-able values; the best metric is none before the first validation."""
        return asdict(self) | {"best": self.best if math.isfinite(self.best) else None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> History:
        """Read a stored history, also one of an older checkpoint. Raises JsonError."""
        known = dict(values)
        known["evals_without_improvement"] = known.pop("looks_without_gain", known.get("evals_without_improvement", 0))
        known["best"] = -np.inf if known["best"] is None else known["best"]
        history: History = typed(cls, known)
        if not history.epochs or not all({"epoch", "metrics"} <= one.keys() for one in history.epochs):
            raise JsonError("it lists no validation with its epoch and metrics")
        return history


@dataclass
class TrainState:
    """The parts of one training that its steps share.

    base_weights: `weights_digest` of the base model.
    checkpoint_every: seconds after which a step within an epoch ends with a checkpoint; checkpoint_seconds: what the last one took.
    """

    inputs: ModelInputs
    model_name: str
    recipe: Recipe
    folder: Path
    progress: Progress
    model: SentenceTransformer
    rows: TrainingColumns
    task: EvalTask
    snapshots: SnapshotWriter
    history: History
    base_weights: str = ""
    began: float = 0.0
    saved: float = 0.0
    checkpoint_every: float = math.inf
    checkpoint_seconds: float | None = None
    steps: int = 0
    seconds: float = 0.0
    ranks: Ranks = ALONE

    def pause(self) -> None:
        """Count the seconds since `began` as spent on steps."""
        now = time.monotonic()
        self.history.train_seconds += now - self.began
        self.seconds += now - self.began
        self.began = now

    @property
    def shape(self) -> Shape:
        """The shape of the dataset."""
        return self.inputs.shape

    @cached_property
    def snapshot_texts(self) -> list[str]:
        """The texts of the snapshots, as the model reads them."""
        return self.inputs.read_by_use(self.snapshots.texts)

    @cached_property
    def texts_of_a_look(self) -> int:
        """Number of distinct texts that a validation encodes, those of its snapshot included."""
        return len({*self.task.texts, *self.snapshot_texts})

    @property
    def texts_of_a_step(self) -> int:
        """Number of texts in a full training step."""
        return min(self.recipe.batch_size, self.rows.count) * self.rows.texts_per_row

    @property
    def is_checkpoint_due(self) -> bool:
        """Check whether the epoch's end is worth a checkpoint.

        The first always is, since it measures what one costs.
        """
        if self.checkpoint_seconds is None:
            return True
        return cadence.is_checkpoint_due(cost=self.checkpoint_seconds, since=time.monotonic() - self.saved)

    @property
    def metric(self) -> str:
        """Validation metric that chooses the best epoch."""
        return selection_metric(self.shape)

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return RunPaths(self.folder).checkpoints
