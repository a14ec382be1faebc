"""BM25 on a task's texts: the line that a model must beat."""

from __future__ import annotations

import numpy as np

from lib.evaluation.retrieval import Retrieval, rank_by_scores
from lib.evaluation.task import EvalTask
from lib.models.word_index import WordIndex


def retrieve_by_words(task: EvalTask) -> Retrieval:
    """Rank the task's documents for its queries by BM25, on the plain texts without prompts."""
    index = WordIndex([task.plain[text] for text in task.documents.tolist()])
    queries = [task.plain[text] for text in task.queries.tolist()]
    return rank_by_scores(
        lambda some: np.stack([index.scores(query) for query in queries[some]]),
        task.relevant,
        targets=len(task.documents),
        own=task.own_document,
    )
