"""A task as a retrieval collection: queries, documents and judgements with ids, for every shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.evaluation.retrieval import TOP_K
from lib.evaluation.task import EvalTask
from lib.shapes import Shape

GRADE_STEPS = 100
"""Grades that a score of 1 has: TREC's judgements are whole numbers, and scores are written in hundredths."""

RANKED_DOCUMENTS = 100
"""Documents that a run lists of each query: the cutoff of BEIR's recall, and enough for every rate at 10."""


@dataclass(frozen=True)
class Collection:
    """What is searched for, what is found, and which belong together.

    queries, documents: text ids of the task; ids: by text id the name that files use. own: by query, which document is its own
    text and is passed over, -1 for none. judgements: query, document (places), grade. depth: documents that a run lists.
    is_pooled: whether only documents that a run lists have a grade.
    """

    queries: np.ndarray
    documents: np.ndarray
    ids: np.ndarray
    own: np.ndarray
    judgements: pd.DataFrame
    depth: int = RANKED_DOCUMENTS
    is_pooled: bool = False

    @property
    def query_ids(self) -> np.ndarray:
        """The names of the queries."""
        return np.asarray(self.ids[self.queries])

    @property
    def document_ids(self) -> np.ndarray:
        """The names of the documents."""
        return np.asarray(self.ids[self.documents])


def build_collection(task: EvalTask) -> Collection:
    """Build the collection that the task's neighbours are searched in.

    Pairs and triplets: as they are evaluated. Classes: all texts, right where the class is the same. Scores and labels of pairs:
    the right texts of the part.
    """
    if task.retrieves:
        counts = [len(right) for right in task.relevant]
        judgements = _judge(np.repeat(np.arange(len(counts)), counts), np.concatenate(task.relevant), 1)
        return Collection(task.queries, task.documents, name_texts(task), task.own_document, judgements)
    if task.shape is Shape.LABELLED_TEXTS:
        return _class_collection(task)
    return _pair_collection(task)


def name_texts(task: EvalTask) -> np.ndarray:
    """Name each text: t and a number of its own; the same text has one name as query and as document.

    So a tool that passes over a query's own text by its id does what Closer does.
    """
    width = len(str(max(0, len(task.texts) - 1)))
    return np.array([f"t{number:0{width}d}" for number in task.identity.tolist()], dtype=object)


def _class_collection(task: EvalTask) -> Collection:
    """Search all other texts; those that a run lists have grades, or classes would fill gigabytes."""
    queries = np.unique(task.left)
    judgements = _judge(np.zeros(0, np.int64), np.zeros(0, np.int64), 0)
    everything = np.arange(len(task.texts))
    return Collection(queries, everything, name_texts(task), queries, judgements, depth=TOP_K, is_pooled=True)


def _pair_collection(task: EvalTask) -> Collection:
    """Search the right texts of the part; a pair's score in hundredths is its grade, a label is 1 or 0."""
    queries, query_of_row = np.unique(task.left, return_inverse=True)
    documents, target = np.unique(task.right, return_inverse=True)
    scored = task.shape is Shape.SCORED
    grade = np.round(GRADE_STEPS * task.values.astype(float)) if scored else task.is_right
    judgements = _judge(query_of_row, target, np.maximum(0, grade.astype(np.int64)))
    place = {same: at for at, same in enumerate(task.identity[documents].tolist())}
    own = np.array([place.get(same, -1) for same in task.identity[queries].tolist()], dtype=np.int64)
    known = set(zip(judgements["query"].tolist(), judgements["document"].tolist(), strict=True))
    own = np.array([-1 if (query, at) in known else at for query, at in enumerate(own.tolist())], dtype=np.int64)
    return Collection(queries, documents, name_texts(task), own, judgements)


def _judge(query: np.ndarray, document: np.ndarray, grade: np.ndarray | int) -> pd.DataFrame:
    """Build the table of judgements; of a pair with two grades the higher one counts."""
    table = pd.DataFrame({"query": query, "document": document, "grade": grade})
    return table.groupby(["query", "document"], as_index=False)["grade"].max()


def judge_classes(task: EvalTask, collection: Collection, ranked: list[np.ndarray]) -> pd.DataFrame:
    """Judge the documents that any run lists: 1 where the class is the query's.

    ranked: by run the places (queries, depth). A text's first label counts.
    """
    label = pd.Series(task.values).groupby(task.right).first().to_numpy()
    query = np.repeat(np.arange(len(collection.queries)), sum(places.shape[1] for places in ranked))
    document = np.concatenate(ranked, axis=1).ravel()
    same = label[collection.documents[document]] == label[collection.queries[query]]
    return _judge(query, document, same.astype(np.int64))
