"""Rankings as TREC tools read them: every order strict, so that no tool breaks a tie in its own way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.evaluation.export.collection import Collection
from lib.evaluation.model_pair import MODEL_NAMES, ModelPair
from lib.evaluation.retrieval import rank_documents
from lib.vectors import TIE


@dataclass(frozen=True)
class RankedDocuments:
    """One model's ranking: places of documents and their scores, (queries, depth) each, best first.

    A score of -inf stands where there is no document.
    """

    documents: np.ndarray
    scores: np.ndarray


def rank_collection(models: ModelPair, collection: Collection) -> dict[str, RankedDocuments]:
    """Rank the collection's documents for its queries by both models, as the evaluation does."""
    rankings = {}
    for name in MODEL_NAMES:
        rows = models.embeddings(name)
        ranked, cosines = rank_documents(
            rows[collection.queries], rows[collection.documents], depth=collection.depth, own=collection.own
        )
        rankings[name] = RankedDocuments(ranked, strict_scores(cosines))
    return rankings


def strict_scores(cosines: np.ndarray) -> np.ndarray:
    """Lower each score until it is below the one before it, by the least step of a float32.

    cosines: (queries, depth) in the order that ranks them. Closer ranks cosines within TIE by the order of the documents;
    trec_eval holds a score as a float32 and ranks equal ones by their ids, backwards. A score changes by at most about TIE.
    """
    strict = cosines.astype(np.float32)
    for place in range(1, strict.shape[1]):
        below = np.nextafter(strict[:, place - 1], np.float32(-np.inf))
        strict[:, place] = np.minimum(strict[:, place], below)
    return strict


def merge_ties(values: np.ndarray) -> np.ndarray:
    """Replace values that Closer counts as equal (chains of steps within TIE) by the lowest of them.

    Other tools compare exactly, and would rank float rounding.
    """
    order = np.argsort(values, kind="stable")
    ordered = np.asarray(values, dtype=np.float64)[order]
    starts = np.flatnonzero(np.append(True, np.diff(ordered) > TIE))
    merged = np.empty(len(ordered))
    merged[order] = np.repeat(ordered[starts], np.diff(np.append(starts, len(ordered))))
    return merged
