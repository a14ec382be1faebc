"""Exact retrieval in blocks of queries: bounded memory, whatever the number of targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.evaluation.ranked_block import RankedBlock, top_columns
from lib.vectors import normalize_rows

TOP_K = 10
BLOCK_CELLS = 25_000_000
"""Scores held at once: 100 MB in float32."""
TILE_TARGETS = 25_000
"""Targets that are compared with a block of queries at once: of 384 dimensions 38 MB."""


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
    queries: np.ndarray,
    targets: np.ndarray,
    right: list[np.ndarray],
    *,
    own: np.ndarray | None = None,
    places: np.ndarray | None = None,
) -> Retrieval:
    """Rank all targets for each query by cosine.

    queries: (q, d); targets: (t, d), or rows of them where places (t,) says which; right: by query the ids of its right
    targets, at least one each. own: by query the id of the target that is its own text, -1 for none: it is passed over, as
    BEIR and MTEB do. Targets may be mapped from disk: TILE_TARGETS of them are held at once.
    """
    places = np.arange(len(targets)) if places is None else places
    own = np.full(len(right), -1) if own is None else own
    begins = range(0, len(places), TILE_TARGETS)
    only = normalize_rows(targets[places]) if len(begins) == 1 else None
    parts = []
    for some in _query_blocks(len(right), min(len(places), TILE_TARGETS)):
        rows = normalize_rows(queries[some])
        levels = _right_cosines(rows, targets, [places[ids] for ids in right[some]]) if only is None else None
        block = RankedBlock(right[some], own[some], top=min(TOP_K, len(places)), levels=levels)
        for begin in begins:
            tile = normalize_rows(targets[places[begin : begin + TILE_TARGETS]]) if only is None else only
            block.add(rows @ tile.T, begin=begin)
        parts.append(block.results())
    return Retrieval(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _right_cosines(queries: np.ndarray, targets: np.ndarray, right: list[np.ndarray]) -> np.ndarray:
    """Compute the cosines of unit queries (q, d) with their right targets, one after the other."""
    rows, ids = np.repeat(np.arange(len(right)), [len(some) for some in right]), np.concatenate(right)
    blocks = [slice(begin, begin + TILE_TARGETS) for begin in range(0, len(ids), TILE_TARGETS)]
    products = [np.einsum("ij,ij->i", queries[rows[some]], normalize_rows(targets[ids[some]])) for some in blocks]
    return np.concatenate(products)


def rank_by_scores(
    scores_of: Callable[[slice], np.ndarray], right: list[np.ndarray], *, targets: int, own: np.ndarray | None = None
) -> Retrieval:
    """Rank all targets for each query by any score.

    scores_of: from a slice of queries to their scores, (queries, targets) float32, which are changed. right, own: as for
    `retrieve`.
    """
    own = np.full(len(right), -1) if own is None else own
    parts = []
    for some in _query_blocks(len(right), targets):
        block = RankedBlock(right[some], own[some], top=min(TOP_K, targets))
        block.add(scores_of(some), begin=0)
        parts.append(block.results())
    return Retrieval(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _query_blocks(queries: int, targets: int) -> list[slice]:
    """Cut the queries so that their scores with so many targets are BLOCK_CELLS at most."""
    size = max(1, BLOCK_CELLS // max(1, targets))
    return [slice(begin, begin + size) for begin in range(0, queries, size)]


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
        ranked[some] = top_columns(scores, top)
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
        near[begin : begin + size] = top_columns(scores, top)[:, :top]
        cosines[begin : begin + size] = np.take_along_axis(scores, near[begin : begin + size], axis=1)
    return near, cosines
