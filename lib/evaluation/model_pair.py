"""One task with the embeddings of both models, and what each model finds, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lib.data.shapes import Shape
from lib.evaluation.metrics import same_class
from lib.evaluation.retrieval import Retrieval, nearest_others, retrieve
from lib.evaluation.task import EvalTask
from lib.models.vectors import check_finite

MODEL_NAMES = ("base", "tuned")


@dataclass(frozen=True)
class ModelPair:
    """A task and its embeddings; rows of `base` and `tuned` are those of task.texts. groups: by row of the part.

    Raises ModelError where an embedding is not finite.
    """

    task: EvalTask
    base: np.ndarray
    tuned: np.ndarray
    groups: np.ndarray

    def __post_init__(self) -> None:
        for name in MODEL_NAMES:
            check_finite(self.embeddings(name), name=name)

    def embeddings(self, name: str) -> np.ndarray:
        """Return the embeddings of base or tuned."""
        return self.base if name == "base" else self.tuned

    @cached_property
    def found(self) -> dict[str, Retrieval]:
        """Return what each model retrieves; only for tasks that rank documents."""
        return {name: self.task.retrieval(self.embeddings(name)) for name in MODEL_NAMES}

    @cached_property
    def cosines(self) -> dict[str, np.ndarray]:
        """Return by model the cosine of each row's two texts."""
        return {name: self.task.pair_cosines(self.embeddings(name)) for name in MODEL_NAMES}

    @cached_property
    def random(self) -> dict[str, np.ndarray]:
        """Return by model the sorted cosines of random pairs: the model's own background."""
        return {name: np.sort(self.task.random_cosines(self.embeddings(name))) for name in MODEL_NAMES}

    @cached_property
    def near(self) -> NearestTargets:
        """Return what each model finds nearest to each row's left text, for every shape.

        Scored and labelled pairs look among the part's right texts; single texts among all the others, right being their label.
        """
        task = self.task
        if task.retrieves:
            return self._among_documents()
        return self._among_texts() if task.shape is Shape.LABELLED_TEXTS else self._among_right_texts()

    def _among_documents(self) -> NearestTargets:
        task, rows = self.task, self.task.query_of_row
        found = {name: neighbours_of_rows(self.found[name], rows) for name in MODEL_NAMES}
        return NearestTargets(task.documents, np.searchsorted(task.documents, task.right), found)

    def _among_texts(self) -> NearestTargets:
        """Find the nearest other texts; a text is right when its label is the same."""
        task, found = self.task, {}
        for name in MODEL_NAMES:
            top, cosines = nearest_others(self.embeddings(name), task.left)
            found[name] = Neighbours(top, cosines, same_class(task, top))
        return NearestTargets(np.arange(len(task.texts)), np.full(len(task.left), -1), found)

    def _among_right_texts(self) -> NearestTargets:
        """Find the nearest right texts of the part; right are those that some pair says belong to the left text."""
        task = self.task
        documents, place = np.unique(task.right, return_inverse=True)
        same = np.minimum(np.searchsorted(documents, task.left), len(documents) - 1)
        own = np.where(documents[same] == task.left, same, -1)
        right, size = [place[row : row + 1] for row in range(len(place))], len(documents)
        true = (task.left * size + place)[task.is_right]
        found = {}
        for name in MODEL_NAMES:
            rows = self.embeddings(name)
            one = retrieve(rows[task.left], rows[documents], right, own=np.where(own == place, -1, own))
            hits = np.isin(task.left[:, None] * size + one.top, true)
            found[name] = Neighbours(one.top, one.top_cosine, hits)
        return NearestTargets(documents, place, found)


@dataclass(frozen=True)
class Neighbours:
    """What is nearest by row, (rows, TOP) each: places among the documents, cosines, whether it is right."""

    top: np.ndarray
    cosine: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class NearestTargets:
    """Ids of the documents, by row the place of its own target among them (-1: it has none), and what each model finds."""

    documents: np.ndarray
    target: np.ndarray
    found: dict[str, Neighbours]


def neighbours_of_rows(found: Retrieval, rows: np.ndarray) -> Neighbours:
    """Return what the queries of these rows find."""
    return Neighbours(found.top[rows], found.top_cosine[rows], found.hits[rows])
