"""The shape of an embedding space: does it still use its room, or has it collapsed into a corner."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lib.evaluation.side_effects.result import EmbeddingSpace
from lib.vectors import normalize_rows

SPACE_SAMPLE = 2_000
"""Vectors that the space is measured on: it takes all cosines between them."""


def measure_space(rows: np.ndarray, left: np.ndarray, right: np.ndarray) -> EmbeddingSpace:
    """Measure the shape of the vectors, and the alignment of the pairs left-right.

    rows: (n, d), of any length.
    """
    sample = normalize_rows(rows[np.random.default_rng(0).permutation(len(rows))[:SPACE_SAMPLE]])
    ends, count = normalize_rows(rows[np.concatenate([left, right])]), len(left)
    alignment = pair_alignment(ends, np.arange(count), count + np.arange(count))
    return replace(measure_isotropy(sample), alignment=alignment)


def pair_alignment(rows: np.ndarray, left: np.ndarray, right: np.ndarray) -> float:
    """Compute mean |x - y|^2 over pairs of unit vectors (Wang & Isola 2020, alpha = 2); nan without pairs."""
    return float(((rows[left] - rows[right]) ** 2).sum(axis=1).mean()) if len(left) else float("nan")


def measure_isotropy(sample: np.ndarray) -> EmbeddingSpace:
    """Measure how evenly unit vectors use their space.

    Effective rank: exp(-sum p_i log p_i) with p_i = s_i / sum s, s the singular values of the centred vectors (Roy & Vetterli
    2007): the number of directions that carry the spread. Random cosine: mean cosine of two different vectors, 0 where they
    are isotropic. Uniformity: log mean exp(-2 |x - y|^2) over pairs, lower is more even (Wang & Isola 2020, t = 2); for unit
    vectors |x - y|^2 = 2 - 2 cos, so the exponent is 4 (cos - 1).
    """
    centred = sample - sample.mean(axis=0)
    # singular values: roots of the eigenvalues of the Gram matrix, which is (d, d)
    spectrum = np.sqrt(np.maximum(np.linalg.eigvalsh((centred.T @ centred).astype(np.float64)), 0.0))
    share = spectrum / max(float(spectrum.sum()), 1e-12)
    rank = float(np.exp(-(share * np.log(np.maximum(share, 1e-12))).sum()))
    pairs = len(sample) * (len(sample) - 1)
    if not pairs:
        return EmbeddingSpace(rank, 0.0, 0.0)
    cosines = sample @ sample.T
    diagonal = np.diag(cosines).astype(np.float64)  # each vector with itself: not counted
    cosine = (float(cosines.sum(dtype=np.float64)) - float(diagonal.sum())) / pairs
    potential = float(np.exp(4 * (cosines - 1)).sum(dtype=np.float64)) - float(np.exp(4 * (diagonal - 1)).sum())
    return EmbeddingSpace(rank, cosine, float(np.log(potential / pairs)))
