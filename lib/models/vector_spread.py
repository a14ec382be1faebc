"""How far a model tells texts apart at all: whether nearly all of its vectors are equal.

Light: numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lib.vectors import normalize_rows

SAMPLE = 2_000
"""Vectors that are compared with each other, drawn by chance."""
MAX_MEAN_COSINE = 0.97
"""From here on a model puts nearly all texts in one place; untrained ones reach 0.9, sentence models at most 0.85."""
MAX_EQUAL_SHARE = 0.5
EQUAL_COSINE = 1 - 1e-5
"""Cosine from which two vectors are equal: texts of the same tokens differ by rounding alone, others by more."""


@dataclass(frozen=True)
class VectorSpread:
    """The mean cosine of two different texts, and the share of texts whose vector another one has too."""

    mean_cosine: float
    equal: float

    @property
    def is_nearly_equal(self) -> bool:
        """Whether nearly all vectors are equal, so that no ranking by cosine means anything."""
        return self.mean_cosine >= MAX_MEAN_COSINE or self.equal >= MAX_EQUAL_SHARE

    def describe(self, model: str) -> str:
        """Write a sentence with the numbers and what to choose instead."""
        return (
            f"Nearly all vectors of {model} are equal: two different texts have a mean cosine of {self.mean_cosine:.3f}, and "
            f"{self.equal:.0%} of the texts share their vector with another one. It can hardly tell these texts apart; "
            "choose a base model that was trained on their language."
        )


def measure_vector_spread(rows: np.ndarray) -> VectorSpread:
    """Measure the spread of the vectors of different texts, (n, d), of any length, on a sample."""
    chosen = np.random.default_rng(0).permutation(len(rows))[:SAMPLE]
    sample = normalize_rows(rows[np.sort(chosen)])
    count = len(sample)
    if count < 2:
        return VectorSpread(0.0, 0.0)
    cosines = sample @ sample.T
    np.fill_diagonal(cosines, -1.0)
    mean = (float(cosines.sum(dtype=np.float64)) + count) / (count * (count - 1))
    return VectorSpread(mean, float((cosines.max(axis=1) >= EQUAL_COSINE).mean()))
