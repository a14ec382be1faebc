"""One task with the embeddings of base and tuned model, and what each model retrieves, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lib.evaluation.metrics import same_class
from lib.evaluation.retrieval import Retrieval, nearest_others, retrieve
from lib.evaluation.task import EvalTask
from lib.shapes import Shape
from lib.vectors import check_finite

MODEL_NAMES = ("base", "tuned")
"""The two models of every comparison, in this order everywhere."""


@dataclass(frozen=True)
class ModelPair:
    """A task and its embeddings by two models.

    base, tuned: (len(task.texts), d). groups: by row of the part its component. Raises ModelError where an embedding is not finite.
    """

    task: EvalTask
    base: np.ndarray
    tuned: np.ndarray
    groups: np.ndarray

    def __post_init__(self) -> None:
        for name in MODEL_NAMES:
            check_finite(self.embeddings(name), name=name)

    def embeddings(self, name: str) -> np.ndarray:
        """Look up the embeddings of base or tuned model."""
        return self.base if name == "base" else self.tuned

    @cached_property
    def retrievals(self) -> dict[str, Retrieval]:
        """What each model retrieves; only for tasks that rank documents."""
        return {name: self.task.retrieval(self.embeddings(name)) for name in MODEL_NAMES}

    @cached_property
    def cosines(self) -> dict[str, np.ndarray]:
        """By model the cosine of each row's two texts."""
        return {name: self.task.pair_cosines(self.embeddings(name)) for name in MODEL_NAMES}

    @cached_property
    def random_cosines(self) -> dict[str, np.ndarray]:
        """By model the sorted cosines of random pairs: its cosines where nothing is in common."""
        return {name: np.sort(self.task.random_cosines(self.embeddings(name))) for name in MODEL_NAMES}

    @cached_property
    def nearest_targets(self) -> NearestTargets:
        """What each model ranks nearest to each row's left text, for every shape.

        Scored and labelled pairs search the part's right texts; single texts all the others, right being their label.
        """
        task = self.task
        if task.retrieves:
            return self._among_documents()
        return self._among_texts() if task.shape is Shape.LABELLED_TEXTS else self._among_right_texts()

    def _among_documents(self) -> NearestTargets:
        task, rows = self.task, self.task.query_of_row
        by_model = {name: neighbours_of_rows(self.retrievals[name], rows) for name in MODEL_NAMES}
        return NearestTargets(task.documents, np.searchsorted(task.documents, task.right), by_model)

    def _among_texts(self) -> NearestTargets:
        """Rank the other texts; a text is right when its label is the same."""
        task, by_model = self.task, {}
        for name in MODEL_NAMES:
            top, cosines = nearest_others(self.embeddings(name), task.left)
            by_model[name] = Neighbours(top, cosines, same_class(task, top))
        return NearestTargets(np.arange(len(task.texts)), np.full(len(task.left), -1), by_model)

    def _among_right_texts(self) -> NearestTargets:
        """Rank the right texts of the part; right are those that some pair says belong to the left text."""
        task = self.task
        documents, target = np.unique(task.right, return_inverse=True)
        place = {same: at for at, same in enumerate(task.identity[documents].tolist())}
        own = np.array([place.get(same, -1) for same in task.identity[task.left].tolist()], dtype=np.int64)
        right, size = [target[row : row + 1] for row in range(len(target))], len(documents)
        matches = (task.left * size + target)[task.is_right]
        by_model = {}
        for name in MODEL_NAMES:
            rows = self.embeddings(name)
            retrieval = retrieve(rows[task.left], rows[documents], right, own=np.where(own == target, -1, own))
            hits = np.isin(task.left[:, None] * size + retrieval.top, matches)
            by_model[name] = Neighbours(retrieval.top, retrieval.top_cosine, hits)
        return NearestTargets(documents, target, by_model)


@dataclass(frozen=True)
class Neighbours:
    """Nearest documents of each row, (rows, TOP_K) each: indices, cosines, and whether correct."""

    top: np.ndarray
    cosine: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class NearestTargets:
    """What each model ranks nearest to each row's query.

    documents: ids of the searched texts; target: by row the place of its own target among them, -1 for none.
    """

    documents: np.ndarray
    target: np.ndarray
    by_model: dict[str, Neighbours]


def neighbours_of_rows(retrieval: Retrieval, rows: np.ndarray) -> Neighbours:
    """Select what the queries of these rows retrieve."""
    return Neighbours(retrieval.top[rows], retrieval.top_cosine[rows], retrieval.hits[rows])
