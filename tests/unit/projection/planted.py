"""Small planted worlds: clusters of unit vectors whose pairs were moved, left alone, or both."""

from __future__ import annotations

import numpy as np


def unit(rows: np.ndarray) -> np.ndarray:
    """Scale rows to length 1, as float32."""
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def world(*, pairs: int = 120, topics: int = 8, dimensions: int = 32, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Build base vectors (2 * pairs, d), sources first, and the pairs (m, 2).

    The two ends of a pair are in different topics.
    """
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(topics, dimensions))
    topic = np.concatenate([np.arange(pairs) % topics, (np.arange(pairs) + 1) % topics])
    vectors = unit(centres[topic] + 0.5 * draw.normal(size=(2 * pairs, dimensions)))
    return vectors, np.stack([np.arange(pairs), np.arange(pairs) + pairs], axis=1)


def pull_together(vectors: np.ndarray, pairs: np.ndarray, moved: np.ndarray, *, share: float = 0.5) -> np.ndarray:
    """Move the chosen pairs' ends towards each other, and nothing else."""
    after = vectors.astype(np.float64).copy()
    a, b = pairs[moved, 0], pairs[moved, 1]
    middle = (vectors[a] + vectors[b]) / 2
    after[a] += share * (middle - vectors[a])
    after[b] += share * (middle - vectors[b])
    found = vectors.copy()
    changed = np.unique(np.concatenate([a, b]))
    found[changed] = unit(after[changed])
    return found
