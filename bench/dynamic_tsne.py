"""Draw snapshots by dynamic t-SNE, which has no package: t-SNE, and a price for every move.

Rauber, Falcão and Telea 2016, Visualizing Time-Dependent Data Using Dynamic t-SNE (EuroVis short papers): the sum over snapshots of t-SNE's cost
plus lambda / (2 n) times the sum of squared moves between neighbouring snapshots. Gradient and descent are scikit-learn's own (Barnes-Hut).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import _t_sne
from sklearn.neighbors import NearestNeighbors

MOVEMENT_PENALTY = 0.1
"""Lambda of the authors' own example."""

PERPLEXITY, EXAGGERATION = 30, 12.0
"""scikit-learn's defaults."""

PHASES = ((250, 0.5, EXAGGERATION), (1_000, 0.8, 1.0))
"""Last iteration, momentum and exaggeration of the two phases of scikit-learn's descent."""


def draw_dynamic_tsne(*snapshots: np.ndarray, penalty: float = MOVEMENT_PENALTY) -> list[np.ndarray]:
    """Draw snapshots (n, d) of the same n texts; all begin at the principal components of the first."""
    size = len(snapshots[0])
    similarities = [_similarities(rows) for rows in snapshots]
    begin = PCA(2, random_state=0).fit_transform(snapshots[0])
    begin = (begin / begin[:, 0].std() * 1e-4).astype(np.float32)
    places, iteration = np.tile(begin, (len(snapshots), 1)).ravel(), 0
    for last, momentum, exaggeration in PHASES:
        places, _, iteration = _t_sne._gradient_descent(
            _cost,
            places,
            iteration,
            last,
            n_iter_check=50,
            momentum=momentum,
            learning_rate=max(size / EXAGGERATION / 4, 50.0),
            args=[[exaggeration * some for some in similarities], size, penalty],
        )
        iteration += 1
    return list(places.reshape(len(snapshots), size, 2))


def _similarities(rows: np.ndarray) -> Any:
    """Compute t-SNE's joint probabilities over the nearest neighbours of rows (n, d)."""
    near = NearestNeighbors(n_neighbors=min(len(rows) - 1, 3 * PERPLEXITY + 1)).fit(rows)
    distances = near.kneighbors_graph(mode="distance")
    distances.data **= 2
    return _t_sne._joint_probabilities_nn(distances, PERPLEXITY, 0)


def _cost(
    places: np.ndarray, similarities: list[Any], size: int, penalty: float, *, compute_error: bool = True
) -> tuple[float, np.ndarray]:
    """Compute cost and gradient of all snapshots' places, one after the other in one row."""
    frames = places.reshape(len(similarities), size, 2)
    found = [
        _t_sne._kl_divergence_bh(frame.ravel(), some, 1, size, 2, compute_error=compute_error, num_threads=2)
        for frame, some in zip(frames, similarities, strict=True)
    ]
    moves = np.diff(frames, axis=0)
    gradient = np.stack([one.reshape(size, 2) for _, one in found])
    gradient[:-1] -= penalty / size * moves
    gradient[1:] += penalty / size * moves
    error = sum(error for error, _ in found) + penalty / (2 * size) * float((moves**2).sum())
    return error, gradient.ravel()
