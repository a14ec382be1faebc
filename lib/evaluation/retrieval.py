"""Exact retrieval in blocks of queries: bounded memory, whatever the number of targets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

TOP = 10
BLOCK_CELLS = 25_000_000
"""Scores held at once: 100 MB in float32."""


@dataclass(frozen=True)
class Retrieval:
    """What each query finds. Arrays by query: top ids and cosines (queries, TOP), rank of the first right target (from 1),

    cosine of the best right and of the best wrong target, and which of the top are right.
    """

    top: np.ndarray
    top_cosine: np.ndarray
    rank: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    hits: np.ndarray
    relevant: np.ndarray

    def recall(self, k: int) -> np.ndarray:
        """Return by query the share of its right targets among the first k."""
        return self.hits[:, :k].sum(axis=1) / self.relevant

    def accuracy(self, k: int) -> np.ndarray:
        """Return by query 1 where a right target is among the first k, else 0."""
        return (self.rank <= k).astype(float)

    def reciprocal_rank(self, k: int = TOP) -> np.ndarray:
        """Return by query 1 / rank of the first right target, 0 beyond k."""
        return np.where(self.rank <= k, 1.0 / self.rank, 0.0)

    def ndcg(self, k: int = TOP) -> np.ndarray:
        """Return by query the normalised discounted cumulative gain at k, all right targets weighing the same."""
        discount = 1.0 / np.log2(np.arange(2, k + 2))
        gained = (self.hits[:, :k] * discount[: self.hits.shape[1]]).sum(axis=1)
        ideal = np.cumsum(discount)[np.minimum(self.relevant, k).astype(int) - 1]
        return gained / ideal

    def metrics(self) -> dict[str, np.ndarray]:
        """Return every measure by query, by name."""
        return {
            **{f"recall@{k}": self.recall(k) for k in (1, 5, 10)},
            **{f"accuracy@{k}": self.accuracy(k) for k in (1, 5, 10)},
            "mrr@10": self.reciprocal_rank(),
            "ndcg@10": self.ndcg(),
        }


def unit(rows: np.ndarray) -> np.ndarray:
    """Return the rows at length one, float32; a zero row stays zero."""
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def retrieve(queries: np.ndarray, targets: np.ndarray, right: list[np.ndarray]) -> Retrieval:
    """Rank all targets for each query by cosine.

    queries: (q, d); targets: (t, d); right: by query the ids of its right targets, at least one each.
    """
    queries, targets = unit(queries), unit(targets)
    top = min(TOP, len(targets))
    size = max(1, BLOCK_CELLS // max(1, len(targets)))
    parts = [
        _block(queries[begin : begin + size], targets, right[begin : begin + size], top)
        for begin in range(0, len(queries), size)
    ]
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Retrieval(*joined)


def _block(queries: np.ndarray, targets: np.ndarray, right: list[np.ndarray], top: int) -> tuple[np.ndarray, ...]:
    scores = queries @ targets.T
    rows = np.repeat(np.arange(len(right)), [len(ids) for ids in right])
    columns = np.concatenate(right)
    first = _top(scores, top)
    is_right = np.zeros(scores.shape, dtype=bool)
    is_right[rows, columns] = True
    best_right = np.full(len(right), -np.inf, dtype=np.float32)
    own = scores[rows, columns]
    np.maximum.at(best_right, rows, own)
    hits = np.take_along_axis(is_right, first, axis=1)
    top_scores = np.take_along_axis(scores, first, axis=1)
    scores[rows, columns] = -np.inf
    best_wrong = scores.max(axis=1, initial=-1.0)
    rank = 1 + (scores > best_right[:, None]).sum(axis=1) + _tied(scores, best_right, rows, columns, own)
    counts = np.array([len(ids) for ids in right])
    return first, top_scores, rank, best_right, best_wrong, hits, counts


def _tied(
    scores: np.ndarray, best_right: np.ndarray, rows: np.ndarray, columns: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """Count by row the wrong targets that tie with the best right one and stand before it: a model that gives every text

    the same vector must not rank all first.
    """
    ahead = np.zeros(len(scores), dtype=np.int64)
    same = scores == best_right[:, None]
    tied = np.flatnonzero(same.any(axis=1))
    if len(tied):
        place = np.full(len(scores), scores.shape[1], dtype=np.int64)
        best = own == best_right[rows]
        np.minimum.at(place, rows[best], columns[best])
        ahead[tied] = (same[tied] & (np.arange(scores.shape[1]) < place[tied, None])).sum(axis=1)
    return ahead


def _top(scores: np.ndarray, top: int) -> np.ndarray:
    """Return by row the columns of the highest scores, best first; ties go to the lower column."""
    if top >= scores.shape[1]:
        return np.argsort(-scores, axis=1, kind="stable")
    chosen = np.sort(np.argpartition(-scores, top - 1, axis=1)[:, :top], axis=1)
    order = np.argsort(-np.take_along_axis(scores, chosen, axis=1), axis=1, kind="stable")
    return np.take_along_axis(chosen, order, axis=1)
