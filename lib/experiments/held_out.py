"""Compare models on a run's held-out split, and train on a changed train split.

No model is saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.evaluation.compare import compare_primary_metric
from lib.evaluation.difference import Difference
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.run import cached_embedder
from lib.evaluation.task import EvalTask, components_of_rows
from lib.metrics import primary_metric
from lib.progress import Progress
from lib.store.context import JobContext
from lib.store.publish import remove_published

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class HeldOutComparison:
    """The dataset's held-out part, on which any two models are compared.

    Vectors of the run's own models come from the cache.
    """

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self.inputs = ModelInputs.of(context.dataset.frame(), context.dataset.shape, context.run.recipe)
        self.task = EvalTask.of(self.inputs, part="held_out")
        self.metric = primary_metric(self.task.shape)
        self.groups = components_of_rows(self.inputs.frame, self.task.rows)
        self.embed, marks = cached_embedder(
            context.run, self.inputs.reading, home=context.workspace.home, progress=context.progress
        )
        self.model_mark = marks["tuned"][:16]

    def base_vectors(self) -> np.ndarray:
        """Embed the task's texts with the base model."""
        return self.embed("base", self.task.texts)

    def tuned_vectors(self) -> np.ndarray:
        """Embed the task's texts with the tuned model."""
        return self.embed("tuned", self.task.texts)

    def vectors(self, model: SentenceTransformer) -> np.ndarray:
        """Embed the task's texts with another model."""
        from lib.models.encoder import encode

        return encode(model, self.task.texts, progress=self.context.progress)

    def compare(self, before: np.ndarray, after: np.ndarray) -> Difference:
        """Compare one model's vectors with another's by the metric that decides the verdict."""
        return compare_primary_metric(ModelPair(self.task, before, after, self.groups))


def train_variant(context: JobContext, held_out: HeldOutComparison, frame: pd.DataFrame, *, name: str) -> np.ndarray:
    """Train by the run's recipe on a changed frame and embed the dataset's true held-out part.

    No model stays.
    """
    from lib.models.loader import load_model
    from lib.training.run import train_model

    run = context.run
    with temporary_folder(run.paths.experiment_training(name)) as folder:
        result = train_model(
            inputs=held_out.inputs.with_frame(frame),
            model_name=run.model,
            recipe=run.recipe,
            folder=folder,
            home=context.workspace.home,
            progress=ExperimentProgress(context.progress, name),
            card={"dataset": context.dataset.id, "run": run.id, "experiment": name},
        )
        context.progress.stage("evaluating", "comparing")
        reading, home = held_out.inputs.reading, context.workspace.home
        return held_out.vectors(load_model(str(result.model_dir), reading=reading, home=home))


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """Hold a folder for the block and remove it at the end.

    After a kill it stays, and the training resumes from it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    remove_published(folder)


class ExperimentProgress:
    """Pass on where the work is, and keep the experiment's curves out of the run's own."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name = progress, name

    def stage(self, name: str, detail: str = "", *, is_validation: bool = False) -> None:
        detail = f"{self._name}: {detail}" if detail else self._name
        self._progress.stage(name, detail, is_validation=is_validation)

    def advance(self, done: float, total: float, **facts: float) -> None:
        self._progress.advance(done, total, **facts)

    def loss(self, *, step: int, epoch: float, loss: float, learning_rate: float) -> None: ...

    def snapshot_metrics(
        self, *, part: str, snapshot: str, epoch: float, metrics: Mapping[str, float], seconds: float
    ) -> None: ...

    def resume(self, *, step: int, epoch: float) -> None: ...

    def places(self, places: Sequence[str]) -> None: ...

    def log(self, text: str, *, level: str = "info") -> None:
        self._progress.log(f"{self._name}: {text}", level=level)

    def check(self) -> None:
        self._progress.check()
