"""One task with the embeddings of both models, and what each model finds, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lib.data.shapes import Shape
from lib.evaluation.retrieval import Retrieval, retrieve
from lib.evaluation.task import Task, unit

NAMES = ("base", "tuned")


@dataclass(frozen=True)
class Judged:
    """A task and its embeddings; rows of `base` and `tuned` are those of task.texts. groups: by row of the part."""

    task: Task
    base: np.ndarray
    tuned: np.ndarray
    groups: np.ndarray

    def embeddings(self, name: str) -> np.ndarray:
        """Return the embeddings of base or tuned."""
        return self.base if name == "base" else self.tuned

    @cached_property
    def found(self) -> dict[str, Retrieval]:
        """Return what each model retrieves; only for tasks that rank documents."""
        return {name: self.task.retrieval(self.embeddings(name)) for name in NAMES}

    @cached_property
    def cosines(self) -> dict[str, np.ndarray]:
        """Return by model the cosine of each row's two texts."""
        return {name: self.task.pair_cosines(self.embeddings(name)) for name in NAMES}

    @cached_property
    def random(self) -> dict[str, np.ndarray]:
        """Return by model the sorted cosines of random pairs: the model's own background."""
        return {name: np.sort(self.task.random_cosines(self.embeddings(name))) for name in NAMES}

    @cached_property
    def near(self) -> tuple[np.ndarray, dict[str, Retrieval]]:
        """Return (document ids, what each model finds nearest to each row's left text), for every shape.

        Scored and labelled pairs look among the part's right texts; single texts among all the others, right being their label.
        """
        task = self.task
        if task.retrieves:
            return task.documents, {name: by_row(found, task.query_of_row) for name, found in self.found.items()}
        if task.shape is Shape.LABELLED_TEXTS:
            return np.arange(len(task.texts)), {name: self._others(self.embeddings(name)) for name in NAMES}
        documents, place = np.unique(task.right, return_inverse=True)
        right = [place[row : row + 1] for row in range(len(place))]
        return documents, {
            name: retrieve(self.embeddings(name)[task.left], self.embeddings(name)[documents], right) for name in NAMES
        }

    def _others(self, embeddings: np.ndarray) -> Retrieval:
        """Find the nearest other texts; a text is right when its label is the same."""
        task, rows = self.task, unit(embeddings)
        labels = np.empty(len(task.texts), dtype=object)
        labels[task.right[::-1]] = task.values[::-1]
        top = min(10, len(rows) - 1)
        first = np.empty((len(task.left), top), dtype=np.int64)
        cosine = np.empty((len(task.left), top), dtype=np.float32)
        for begin in range(0, len(task.left), 1000):
            ids = task.left[begin : begin + 1000]
            scores = rows[ids] @ rows.T
            scores[np.arange(len(ids)), ids] = -np.inf
            chosen = np.argsort(-scores, axis=1, kind="stable")[:, :top]
            first[begin : begin + 1000] = chosen
            cosine[begin : begin + 1000] = np.take_along_axis(scores, chosen, axis=1)
        own = task.values[task.query_of_row]
        hits = labels[first] == own[:, None]
        rank = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, top + 1)
        blank = np.full(len(own), np.nan, dtype=np.float32)
        return Retrieval(first, cosine, rank, blank, blank, hits, np.maximum(1, hits.sum(axis=1)))


def by_row(found: Retrieval, rows: np.ndarray) -> Retrieval:
    """Return the retrieval repeated for each row that asks the same query."""
    names = ("top", "top_cosine", "rank", "right", "wrong", "hits", "relevant")
    return Retrieval(*(getattr(found, name)[rows] for name in names))
