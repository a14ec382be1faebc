"""Principal components with signs that repeat: the PCA of static models and of maps."""

from __future__ import annotations

import numpy as np


def principal_directions(scatter: np.ndarray, count: int) -> np.ndarray:
    """Compute the directions (d, count) of most variance.

    From a scatter matrix (d, d) = X^T X of centred rows X.

    By its eigenvectors: for many rows of a few hundred dimensions faster than an SVD of the rows. An eigenvector's sign is arbitrary;
    here its largest entry is positive, so that the same rows always give the same directions.
    """
    _, eigenvectors = np.linalg.eigh(scatter)
    directions = eigenvectors[:, ::-1][:, :count]
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])]
    return directions * np.where(largest < 0, -1, 1)
