"""Measure whether a layout's lines are near, and change, as their pairs do in full dimensions.

Closeness as retrieval means it: by rank among all other texts. docs/layout.md says what each figure means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.projection.quality import MIN_COSINE_CHANGE, LayoutQuality, line_lengths, rank_correlation
from lib.projection.ranks import mean_log_rank, true_ranks

NUM_NEAREST = 10
"""Texts that count as nearest: two texts are near where each is among the other's so many nearest."""

_MIN_LENGTH = 1e-9


@dataclass(frozen=True)
class LineMeasures:
    """Pairs in the first and the last snapshot, in the full dimensions and as they are drawn.

    cosine, length: (2, pairs), by snapshot. true_rank, drawn_rank: (2, 2, pairs), by end and snapshot: the rank of the other end among
    the end's nearest texts.
    """

    cosine: np.ndarray
    length: np.ndarray
    true_rank: np.ndarray
    drawn_rank: np.ndarray

    def select(self, rows: np.ndarray) -> LineMeasures:
        """Take some of the pairs."""
        return LineMeasures(
            self.cosine[:, rows], self.length[:, rows], self.true_rank[..., rows], self.drawn_rank[..., rows]
        )

    @property
    def pair_rank(self) -> np.ndarray:
        """Average both ends' true ranks: 1 less than the geometric mean of 1 + rank, (2, pairs)."""
        return np.exp2(mean_log_rank(self.true_rank)) - 1

    @property
    def cosine_change(self) -> np.ndarray:
        """Change of cosine, (pairs,)."""
        return self.cosine[1] - self.cosine[0]

    @property
    def rank_change(self) -> np.ndarray:
        """Change of log2(1 + rank), the mean of both ends, (pairs,)."""
        first, last = mean_log_rank(self.true_rank)
        return last - first

    @property
    def length_change(self) -> np.ndarray:
        """Change of the natural logarithm of length, (pairs,)."""
        first, last = np.log(np.maximum(self.length, _MIN_LENGTH))
        return last - first

    @property
    def is_opposed(self) -> np.ndarray:
        """Pairs that came closer by one of rank and cosine and went away by the other, (pairs,) bool."""
        return self.rank_change * self.cosine_change > 0


def measure_pairs(
    vectors: tuple[np.ndarray, np.ndarray],
    frames: tuple[np.ndarray, np.ndarray],
    pairs: np.ndarray,
    *,
    true_rank: np.ndarray | None = None,
) -> LineMeasures:
    """Measure pairs (m, 2) of the rows of two snapshots: unit vectors (n, d) and frames (n, 2).

    true_rank: (2, 2, m), where the ranks are known already: they are what costs time.
    """
    if true_rank is None:
        true_rank = np.stack([true_ranks(rows, pairs) for rows in vectors], axis=1)
    return LineMeasures(
        np.stack([(rows[pairs[:, 0]] * rows[pairs[:, 1]]).sum(axis=1) for rows in vectors]).astype(np.float64),
        np.stack([line_lengths(frame, pairs) for frame in frames]),
        true_rank,
        np.stack([frame_ranks(frame, pairs) for frame in frames], axis=1),
    )


def frame_ranks(frame: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Rank the other end of each pair (m, 2) among an end's nearest points of a frame (n, 2).

    Shape (2, m) int64.
    """
    from lib.projection.pair_faithful.drawn import build_grid, drawn_ranks
    from lib.projection.pair_faithful.kernels import RowPool

    ranks = np.empty(2 * len(pairs), np.int64)
    x, y = np.ascontiguousarray(frame.T, dtype=np.float64)
    if len(pairs):
        with RowPool(len(frame)) as pool:
            ends, others = pairs.T.ravel(), pairs[:, ::-1].T.ravel()
            pool.map_rows(drawn_ranks, len(ends), build_grid(x, y), x, y, ends, others, ranks)
    return ranks.reshape(2, -1)


def line_quality(lines: LineMeasures, snapshots: tuple[str, str]) -> LayoutQuality:
    """Compute the figures of merit of lines, from the first to the last of the snapshots named.

    rank_sign_agreement: share of the pairs whose line changed as their rank did, or, where the rank stayed, against their cosine.
    Pairs whose cosine stayed too have no direction.
    """
    directed = np.abs(lines.cosine_change) > MIN_COSINE_CHANGE
    if not directed.any():
        return LayoutQuality(lines=lines.cosine.shape[1])
    length, rank, cosine = lines.length_change, lines.rank_change, lines.cosine_change
    direction = np.where(rank != 0, np.sign(rank), -np.sign(cosine))
    seen, right = neighbours_seen(lines, snapshots)
    plain_change = lines.length[1] - lines.length[0]
    return LayoutQuality(
        sign_agreement=float((np.sign(plain_change) == -np.sign(cosine))[directed].mean()),
        rank_correlation=rank_correlation(-cosine, plain_change),
        rank_sign_agreement=float((np.sign(length) == direction)[directed].mean()),
        rank_change_correlation=rank_correlation(rank, length),
        seen=seen,
        right=right,
        opposed=float(lines.is_opposed[directed].mean()),
        lines=len(directed),
    )


def neighbours_seen(lines: LineMeasures, snapshots: tuple[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    """Compute, by snapshot, the share of near pairs drawn near, and of those drawn near that are.

    Near: each end among the other's NUM_NEAREST. A snapshot without such pairs is left out.
    """
    near, drawn = ((ranks <= NUM_NEAREST).all(axis=0) for ranks in (lines.true_rank, lines.drawn_rank))
    both = (near & drawn).sum(axis=1)
    seen = {name: float(n / all_) for name, n, all_ in zip(snapshots, both, near.sum(axis=1), strict=True) if all_}
    right = {name: float(n / all_) for name, n, all_ in zip(snapshots, both, drawn.sum(axis=1), strict=True) if all_}
    return seen, right
