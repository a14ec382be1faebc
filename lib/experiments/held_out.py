"""Compare models on a run's held-out split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lib.data.model_inputs import ModelInputs
from lib.evaluation.compare import compare_primary_metric
from lib.evaluation.difference import Difference
from lib.evaluation.model_pair import ModelPair
from lib.evaluation.run import cached_embedder
from lib.evaluation.task import EvalTask, components_of_rows
from lib.metrics import primary_metric
from lib.store.context import JobContext

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
