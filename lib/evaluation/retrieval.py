"""Exact retrieval in blocks of queries: bounded memory, whatever the number of targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.vectors import TIE, normalize_rows, order_by_score

TOP_K = 10
BLOCK_CELLS = 25_000_000
"""Scores held at once: 100 MB in float32."""


@dataclass(frozen=True)
class Retrieval:
    """The retrieval results of each query, as arrays by query.

    top, top_cosine: (queries, TOP) ids and cosines; rank: of the first right target, from 1; right, wrong: cosine of the
    best right and of the best wrong target (nan where none is wrong); hits: which of the top are right; relevant: number
    of right targets. target_rank: by right target, in input order, 1 + the number of wrong ones above it.
    """

    top: np.ndarray
    top_cosine: np.ndarray
    rank: np.ndarray
    right: np.ndarray
    wrong: np.ndarray
    hits: np.ndarray
    relevant: np.ndarray
    target_rank: np.ndarray

    def recall(self, k: int) -> np.ndarray:
        """Compute by query the share of its right targets among the first k."""
        return self.hits[:, :k].sum(axis=1) / self.relevant

    def accuracy(self, k: int) -> np.ndarray:
        """Compute by query 1 where a right target is among the first k, else 0."""
        return (self.rank <= k).astype(float)

    def precision(self, k: int) -> np.ndarray:
        """Compute by query the share of the first k that is right; missing targets count as wrong."""
        return self.hits[:, :k].sum(axis=1) / k

    def reciprocal_rank(self, k: int = TOP_K) -> np.ndarray:
        """Compute by query 1 / rank of the first right target, 0 beyond k."""
        return np.where(self.rank <= k, 1.0 / self.rank, 0.0)

    def ndcg(self, k: int = TOP_K) -> np.ndarray:
        """Compute nDCG at k of each query.

        DCG = sum of 1 / log2(rank + 1) over right targets (Jarvelin & Kekalainen 2002).
        """
        discount = 1.0 / np.log2(np.arange(2, k + 2))
        gained = (self.hits[:, :k] * discount[: self.hits.shape[1]]).sum(axis=1)
        ideal = np.cumsum(discount)[np.minimum(self.relevant, k).astype(int) - 1]
        return gained / ideal

    def metrics(self) -> dict[str, np.ndarray]:
        """Compute every metric by query; a metric added here is in epochs, verdict, JSON and model card."""
        return {
            **{f"recall@{k}": self.recall(k) for k in (1, 5, 10)},
            **{f"accuracy@{k}": self.accuracy(k) for k in (1, 5, 10)},
            "precision@3": self.precision(3),
            "mrr@10": self.reciprocal_rank(),
            "ndcg@10": self.ndcg(),
        }


def retrieve(
    queries: np.ndarray, targets: np.ndarray, right: list[np.ndarray], *, own: np.ndarray | None = None
) -> Retrieval:
    """Rank all targets for each query by cosine.

    queries: (q, d); targets: (t, d); right: by query the ids of its right targets, at least one each. own: by query the id
    of the target that is its own text, -1 for none: it is passed over, as BEIR and MTEB do.
    """
    queries, targets = normalize_rows(queries), normalize_rows(targets)
    return rank_by_scores(lambda some: queries[some] @ targets.T, right, targets=len(targets), own=own)


def rank_by_scores(
    scores_of: Callable[[slice], np.ndarray], right: list[np.ndarray], *, targets: int, own: np.ndarray | None = None
) -> Retrieval:
    """Rank all targets for each query by any score.

    scores_of: from a slice of queries to their scores, (queries, targets) float32, which are changed. right, own: as for
    `retrieve`.
    """
    count = len(right)
    own = np.full(count, -1) if own is None else own
    top = min(TOP_K, targets)
    size = max(1, BLOCK_CELLS // max(1, targets))
    blocks = [slice(begin, begin + size) for begin in range(0, count, size)]
    parts = [_block(scores_of(some), right[some], own[some], top) for some in blocks]
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Retrieval(*joined)


def _block(scores: np.ndarray, right: list[np.ndarray], own: np.ndarray, top: int) -> tuple[np.ndarray, ...]:
    counts = np.array([len(ids) for ids in right])
    rows, columns = np.repeat(np.arange(len(right)), counts), np.concatenate(right)
    same_text = np.flatnonzero(own >= 0)
    scores[same_text, own[same_text]] = -np.inf
    first = _top(scores, top)
    top_scores = np.take_along_axis(scores, first, axis=1)
    is_right = np.zeros(scores.shape, dtype=bool)
    is_right[rows, columns] = True
    hits = np.take_along_axis(is_right, first, axis=1)
    cosines = scores[rows, columns]
    scores[rows, columns] = -np.inf
    wrong = scores.max(axis=1)
    target_rank = 1 + _ahead(scores, rows, columns, cosines)
    starts = np.cumsum(counts) - counts
    rank, best = np.minimum.reduceat(target_rank, starts), np.maximum.reduceat(cosines, starts)
    return first, top_scores, rank, best, np.where(np.isneginf(wrong), np.nan, wrong), hits, counts, target_rank


def _ahead(scores: np.ndarray, rows: np.ndarray, columns: np.ndarray, cosines: np.ndarray) -> np.ndarray:
    """Count by right target the wrong ones before it; scores are those of wrong targets, -inf elsewhere.

    Of those that tie with it the ones before its column count: a model that gives every text the same vector must not
    rank all first.
    """
    found = np.empty(len(rows), dtype=np.int64)
    size = max(1, BLOCK_CELLS // 4 // scores.shape[1])
    places = np.arange(scores.shape[1])
    for begin in range(0, len(rows), size):
        chosen = slice(begin, begin + size)
        some = scores[chosen] if len(rows) == len(scores) else scores[rows[chosen]]
        level = cosines[chosen, None]
        found[chosen] = (some > level + TIE).sum(axis=1)
        tied = np.abs(some - level) <= TIE
        at = np.flatnonzero(tied.any(axis=1))
        found[begin + at] += (tied[at] & (places < columns[chosen][at, None])).sum(axis=1)
    return found


def _top(scores: np.ndarray, top: int) -> np.ndarray:
    """Find by row the columns of the highest scores, best first; ties (within TIE) go to the lower column."""
    if top >= scores.shape[1]:
        return order_by_score(scores)
    chosen = np.sort(np.argpartition(-scores, top - 1, axis=1)[:, :top], axis=1)
    last = np.take_along_axis(scores, chosen, axis=1).min(axis=1)
    near = scores >= (last - TIE)[:, None]
    for row in np.flatnonzero(near.sum(axis=1) > top).tolist():
        # more texts than places tie for the last ones: those above them, then the lowest columns
        columns = np.flatnonzero(near[row])
        chosen[row] = np.sort(order_by_score(scores[row, columns][None], columns[None])[0, :top])
    return order_by_score(np.take_along_axis(scores, chosen, axis=1), chosen)


def rank_documents(
    queries: np.ndarray, documents: np.ndarray, *, depth: int, own: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Rank the nearest documents of each query: places and cosines, (queries, depth) each.

    queries: (q, d); documents: (n, d), any length. own: by query the place of its own text, -1 for none: it comes last, at -inf.
    """
    queries, documents = normalize_rows(queries), normalize_rows(documents)
    top = min(depth, len(documents))
    ranked, cosines = np.empty((len(queries), top), dtype=np.int64), np.empty((len(queries), top), dtype=np.float32)
    size = max(1, BLOCK_CELLS // max(1, len(documents)))
    for begin in range(0, len(queries), size):
        some = slice(begin, begin + size)
        scores = queries[some] @ documents.T
        passed = np.flatnonzero(own[some] >= 0) if own is not None else np.zeros(0, dtype=np.int64)
        if own is not None:
            scores[passed, own[some][passed]] = -np.inf
        ranked[some] = _top(scores, top)
        cosines[some] = np.take_along_axis(scores, ranked[some], axis=1)
    return ranked, cosines


def nearest_others(rows: np.ndarray, ids: np.ndarray, *, count: int = TOP_K) -> tuple[np.ndarray, np.ndarray]:
    """Find by id the nearest other rows and their cosines, (ids, count) each. rows: (n, d), any length."""
    rows = normalize_rows(rows)
    top = max(0, min(count, len(rows) - 1))
    near, cosines = np.empty((len(ids), top), dtype=np.int64), np.empty((len(ids), top), dtype=np.float32)
    size = max(1, BLOCK_CELLS // max(1, len(rows)))
    for begin in range(0, len(ids) if top else 0, size):
        some = ids[begin : begin + size]
        scores = rows[some] @ rows.T
        scores[np.arange(len(some)), some] = -np.inf
        near[begin : begin + size] = _top(scores, top)[:, :top]
        cosines[begin : begin + size] = np.take_along_axis(scores, near[begin : begin + size], axis=1)
    return near, cosines
