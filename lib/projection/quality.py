"""Measure how well a layout agrees with the full dimensions.

docs/layout.md says what each figure means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from lib.evaluation.agreement import spearman_correlation
from lib.projection.methods import NUM_NEIGHBOURS

MIN_COSINE_CHANGE = 1e-6
"""A cosine that changed by less did not change: it has no sign to agree with."""

TRUSTWORTHINESS_ROWS = 1_000
"""Texts, a random sample, whose drawn neighbours are checked."""

_BLOCK_VALUES = 8_000_000
"""Dot products held at once while checking them: 32 MB."""

_STORED_NAMES = {"movement_of_identical_snapshot": "placebo_movement"}
"""Field -> its key in map.json, where that is the word of earlier versions."""


@dataclass(frozen=True)
class LayoutQuality:
    """Quality figures of a layout. None where there is nothing to measure (no pairs, one snapshot).

    sign_agreement: share of lines that grew or shrank as their cosine says; rank_correlation: Spearman's, of both changes;
    rank_sign_agreement: share of lines that grew or shrank as their rank says, by cosine where the rank stayed;
    rank_change_correlation: Spearman's, of the changes of log length and log rank; seen: by snapshot, of the pairs among each other's
    10 nearest texts the share drawn so; right: of those drawn so the share that is; opposed: share of pairs whose rank and cosine moved
    in opposite directions; trustworthiness: by snapshot; movement_of_identical_snapshot: how far an identical snapshot's points lie from their twins, as a
    share of the real movement; above_noise: share of the moving texts that move farther than the variation across seeds; seeds: number
    of layouts it comes from; lines: number of lines measured.
    """

    sign_agreement: float | None = None
    rank_correlation: float | None = None
    trustworthiness: dict[str, float] = field(default_factory=dict)
    movement_of_identical_snapshot: float | None = None
    above_noise: float | None = None
    seeds: int = 1
    lines: int = 0
    rank_sign_agreement: float | None = None
    rank_change_correlation: float | None = None
    seen: dict[str, float] = field(default_factory=dict)
    right: dict[str, float] = field(default_factory=dict)
    opposed: float | None = None

    def to_json(self) -> dict[str, object]:
        """Convert to plain JSON values, as they are stored."""
        return {_STORED_NAMES.get(name, name): value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LayoutQuality:
        """Build the figures from JSON values, leaving out what this version does not know."""
        keys = {one.name: _STORED_NAMES.get(one.name, one.name) for one in fields(cls)}
        return cls(**{name: stored[key] for name, key in keys.items() if key in stored})


def line_lengths(frame: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Compute the length of each pair's line in a frame (texts, 2)."""
    return np.linalg.norm(frame[pairs[:, 0]].astype(np.float64) - frame[pairs[:, 1]], axis=1)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    """Compute Spearman's rank correlation; None where one side is constant or too short."""
    if len(one) < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return spearman_correlation(one, other)


def trustworthiness(vectors: np.ndarray, frame: np.ndarray, *, k: int = NUM_NEIGHBOURS, seed: int = 0) -> float | None:
    """Compute the trustworthiness (Venna and Kaski 2001) of a frame (n, 2).

    1 when drawn neighbours are neighbours.

    T = 1 - 2 / (n k (2n - 3k - 1)) * sum over rows and their k drawn neighbours of max(0, rank in the full dimensions - k), as
    scikit-learn's, here over at most TRUSTWORTHINESS_ROWS of the n rows (which then stand for the first n). None for too few texts.
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
    excess = sum(rank_excess(vectors[block] @ vectors.T, block, x, y, k) for block in blocks)
    return float(1 - 2 / (len(rows) * k * (2 * size - 3 * k - 1)) * excess)


def text_movement(frames: Mapping[str, np.ndarray]) -> np.ndarray:
    """Compute how each text moved from the first to the last frame, (texts, 2)."""
    ends = list(frames.values())
    return ends[-1].astype(np.float64) - ends[0]
