"""The shape of an embedding space: does it still use its room, or has it collapsed into a corner."""

from __future__ import annotations

import numpy as np

from lib.models.vectors import normalize_rows

SPACE_SAMPLE = 2_000


def measure_space(rows: np.ndarray, left: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Return effective rank, mean random cosine, alignment (of the pairs left-right) and uniformity."""
    rows = normalize_rows(rows)
    sample = rows[np.random.default_rng(0).permutation(len(rows))[:SPACE_SAMPLE]]
    return measure_isotropy(sample) | {"alignment": pair_alignment(rows, left, right)}


def pair_alignment(rows: np.ndarray, left: np.ndarray, right: np.ndarray) -> float:
    """Return the mean squared distance of pairs of unit vectors, lower is closer (Wang & Isola 2020)."""
    return float(((rows[left] - rows[right]) ** 2).sum(axis=1).mean()) if len(left) else float("nan")


def measure_isotropy(sample: np.ndarray) -> dict[str, float]:
    """Return what needs no pairs, of unit vectors: effective rank, mean cosine of two texts at random, uniformity.

    Effective rank: exp of the entropy of the normalised singular values (Roy & Vetterli 2007). Uniformity: log of the mean
    Gaussian potential, lower is more evenly spread (Wang & Isola 2020).
    """
    centred = sample - sample.mean(axis=0)
    spectrum = np.sqrt(np.maximum(np.linalg.eigvalsh((centred.T @ centred).astype(np.float64)), 0.0))
    share = spectrum / max(float(spectrum.sum()), 1e-12)
    entropy = -(share * np.log(np.maximum(share, 1e-12))).sum()
    cosines = sample @ sample.T
    count = len(sample) * (len(sample) - 1)
    if not count:
        return {"effective_rank": float(np.exp(entropy)), "random_cosine": 0.0, "uniformity": 0.0}
    diagonal = np.diag(cosines).astype(np.float64)
    cosine = (float(cosines.sum(dtype=np.float64)) - float(diagonal.sum())) / count
    potential = np.exp(4 * (cosines - 1))
    uniformity = np.log((float(potential.sum(dtype=np.float64)) - float(np.exp(4 * (diagonal - 1)).sum())) / count)
    return {"effective_rank": float(np.exp(entropy)), "random_cosine": cosine, "uniformity": float(uniformity)}
