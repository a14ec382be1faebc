"""How far a drawn map can be believed, measured against the full dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from lib.projection.methods import NUM_NEIGHBOURS

MIN_COSINE_CHANGE = 1e-6
"""A cosine that changed by less did not change: it has no sign to agree with."""

TRUSTWORTHINESS_ROWS = 1_000
"""Texts, a fair sample, whose drawn neighbours are checked."""

_BLOCK_VALUES = 8_000_000
"""Products held at once while checking them: 32 MB."""


@dataclass(frozen=True)
class LayoutQuality:
    """Figures of merit. None where there is nothing to measure (no pairs, one moment).

    sign_agreement: share of lines that grew or shrank as their cosine says; rank_correlation: Spearman of both changes;
    trustworthiness: by moment; placebo_movement: how far an identical snapshot's points lie from their twins, as a share of the
    real movement; above_noise: share of the moving texts that move farther than the layout's own noise; seeds: layouts it comes from.
    """

    sign_agreement: float | None = None
    rank_correlation: float | None = None
    trustworthiness: dict[str, float] = field(default_factory=dict)
    placebo_movement: float | None = None
    above_noise: float | None = None
    seeds: int = 1
    lines: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def line_quality(
    before: np.ndarray, after: np.ndarray, cosine: tuple[np.ndarray, np.ndarray], pairs: np.ndarray
) -> LayoutQuality:
    """Measure the lines of pairs (m, 2) between two frames (n, 2) against the pairs' cosines before and after."""
    asked = cosine[1] - cosine[0]
    drawn = line_lengths(after, pairs) - line_lengths(before, pairs)
    changed = np.abs(asked) > MIN_COSINE_CHANGE
    if not changed.any():
        return LayoutQuality(lines=len(pairs))
    agree = float((np.sign(drawn[changed]) == -np.sign(asked[changed])).mean())
    return LayoutQuality(sign_agreement=agree, rank_correlation=rank_correlation(-asked, drawn), lines=len(pairs))


def line_lengths(frame: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the length of each pair's line in a frame (n, 2)."""
    return np.linalg.norm(frame[pairs[:, 0]].astype(np.float64) - frame[pairs[:, 1]], axis=1)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    """Return the rank correlation, None where one side is constant or too short."""
    from scipy.stats import rankdata

    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(rankdata(one), rankdata(other))[0, 1])


def trustworthiness(vectors: np.ndarray, frame: np.ndarray, *, k: int = NUM_NEIGHBOURS, seed: int = 0) -> float | None:
    """Return the trustworthiness (Venna and Kaski 2001) of a frame (n, 2): 1 when drawn neighbours are neighbours.

    As scikit-learn's, over at most MEASURED_ROWS rows: a drawn neighbour of rank r > k in the full dimensions costs r - k.
    """
    size = len(vectors)
    k = min(k, (size - 1) // 2)
    if k < 1 or 2 * size - 3 * k - 1 <= 0:
        return None
    rows = np.arange(size)
    if size > TRUSTWORTHINESS_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(size, TRUSTWORTHINESS_ROWS, replace=False))
    from lib.projection.pair_faithful.knn import rank_excess

    x, y = np.ascontiguousarray(frame.T, dtype=np.float64)
    blocks = np.array_split(rows, max(1, len(rows) * size // _BLOCK_VALUES))
    cost = sum(rank_excess(vectors[block] @ vectors.T, block, x, y, k) for block in blocks)
    return float(1 - 2 / (len(rows) * k * (2 * size - 3 * k - 1)) * cost)


def text_movement(frames: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return how each text moved from the first to the last frame, (n, 2)."""
    drawn = list(frames.values())
    return drawn[-1].astype(np.float64) - drawn[0]
