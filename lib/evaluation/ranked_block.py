"""The ranking of a block of queries, to which the scores of all targets are added tile by tile."""

from __future__ import annotations

import numpy as np

from lib.vectors import TIE, order_by_score

COUNTED_CELLS = 6_000_000
"""Scores that are compared with those of right targets at once."""


class RankedBlock:
    """The nearest targets of each query and the ranks of its right ones.

    Tiles of scores come in the order of the targets. levels: by right target its score, which has to be known before the first of several tiles.
    """

    def __init__(self, right: list[np.ndarray], own: np.ndarray, *, top: int, levels: np.ndarray | None = None) -> None:
        """Begin with no tile. right, own: as for `retrieve`."""
        self.counts = np.array([len(ids) for ids in right])
        self.rows, self.ids = np.repeat(np.arange(len(right)), self.counts), np.concatenate(right)
        self.own, self.top, self.levels = own, top, levels
        self.ahead = np.zeros(len(self.ids), dtype=np.int64)
        self.wrong = np.full(len(right), -np.inf, dtype=np.float32)
        self.best = np.zeros((len(right), 0), dtype=np.int64)
        self.best_scores = np.zeros((len(right), 0), dtype=np.float32)

    def add(self, scores: np.ndarray, *, begin: int) -> None:
        """Add the scores (queries, tile) of the targets from begin on; they are changed."""
        end = begin + scores.shape[1]
        same_text = np.flatnonzero((self.own >= begin) & (self.own < end))
        scores[same_text, self.own[same_text] - begin] = -np.inf
        self._add_nearest(scores, begin)
        if self.levels is None:
            self.levels = scores[self.rows, self.ids]
        inside = np.flatnonzero((self.ids >= begin) & (self.ids < end))
        scores[self.rows[inside], self.ids[inside] - begin] = -np.inf
        self.wrong = np.maximum(self.wrong, scores.max(axis=1))
        self._count_ahead(scores, self.levels, begin)

    def results(self) -> tuple[np.ndarray, ...]:
        """List what a `Retrieval` holds, in the order of its fields."""
        starts = np.cumsum(self.counts) - self.counts
        target_rank, levels = 1 + self.ahead, np.zeros(0) if self.levels is None else self.levels
        rank, right = np.minimum.reduceat(target_rank, starts), np.maximum.reduceat(levels, starts)
        size = int(max(self.ids.max(), self.best.max(initial=0))) + 1
        places = np.arange(len(self.counts))[:, None] * size + self.best
        hits = np.isin(places, self.rows * size + self.ids)
        wrong = np.where(np.isneginf(self.wrong), np.nan, self.wrong)
        return self.best, self.best_scores, rank, right, wrong, hits, self.counts, target_rank

    def _add_nearest(self, scores: np.ndarray, begin: int) -> None:
        """Merge the nearest targets of a tile with those so far."""
        if self.best.shape[1] < self.top:
            columns = top_columns(scores, self.top)
            places = np.concatenate([self.best, begin + columns], axis=1)
            values = np.concatenate([self.best_scores, np.take_along_axis(scores, columns, axis=1)], axis=1)
            order = top_columns(
                values, self.top
            )  # places rise with the tiles: of those that tie the lower one is first
            self.best, self.best_scores = (np.take_along_axis(one, order, axis=1) for one in (places, values))
            return
        least = self.best_scores.min(axis=1) - TIE
        for row in np.flatnonzero(scores.max(axis=1) >= least).tolist():
            columns = np.flatnonzero(scores[row] >= least[row])
            places = np.concatenate([self.best[row], begin + columns])
            values = np.concatenate([self.best_scores[row], scores[row, columns]])
            rising = np.argsort(places)
            chosen = order_by_score(values[rising][None], places[rising][None])[0, : self.top]
            self.best[row], self.best_scores[row] = (
                chosen,
                values[rising][np.searchsorted(places, chosen, sorter=rising)],
            )

    def _count_ahead(self, scores: np.ndarray, levels: np.ndarray, begin: int) -> None:
        """Count by right target the wrong ones of a tile before it; scores of right ones are -inf.

        Of those that tie with it the ones before its place count: a model that gives every text the same vector must not
        rank all first.
        """
        size = max(1, COUNTED_CELLS // scores.shape[1])
        places = begin + np.arange(scores.shape[1])
        for first in range(0, len(self.rows), size):
            chosen = slice(first, first + size)
            some = scores[chosen] if len(self.rows) == len(scores) else scores[self.rows[chosen]]
            level = levels[chosen, None]
            above = (some > level + TIE).sum(axis=1)
            at = np.flatnonzero((some >= level - 2 * TIE).sum(axis=1) > above)  # more than tie: a sum is rounded
            tied = np.abs(some[at] - level[at]) <= TIE
            self.ahead[chosen] += above
            self.ahead[first + at] += (tied & (places < self.ids[chosen][at, None])).sum(axis=1)


def top_columns(scores: np.ndarray, top: int) -> np.ndarray:
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
