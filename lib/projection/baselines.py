"""The known ways to draw several moments, kept as choices and to compare with: UMAP on all at once, AlignedUMAP, PCA."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from lib.progress import Progress
from lib.projection.methods import NUM_NEIGHBOURS
from lib.projection.pair_faithful.optimise import principal_components
from lib.projection.points import DistinctPoints

MIN_UMAP_POINTS = 5
"""Fewer points than this are drawn by PCA: umap needs neighbours."""

ALIGNMENT_REGULARISATION = 0.01


def joint_umap(drawn: DistinctPoints, *, seed: int, progress: Progress) -> np.ndarray:
    """Draw all distinct points by one UMAP."""
    if len(drawn.vectors) < MIN_UMAP_POINTS:
        return principal_components(drawn.vectors)
    progress.stage("Drawing the map", "UMAP, all moments together")
    from umap import UMAP

    neighbours = min(NUM_NEIGHBOURS, len(drawn.vectors) - 1)
    return without_warnings(lambda: UMAP(n_neighbors=neighbours, random_state=seed).fit_transform(drawn.vectors))


def aligned_umap(drawn: DistinctPoints, *, seed: int, progress: Progress) -> np.ndarray:
    """Draw each moment by AlignedUMAP, related by text; duplicate points within a moment are dropped first (it fails on them)."""
    at = drawn.at
    if len(at) < 2 or min(len(places) for places in at) < MIN_UMAP_POINTS + 1:
        return principal_components(drawn.vectors)
    progress.stage("Drawing the map", "AlignedUMAP, moment by moment")
    from umap import AlignedUMAP

    related = [_relation(drawn.of[m], drawn.of[m + 1], at[m], at[m + 1]) for m in range(len(at) - 1)]
    neighbours = min(NUM_NEIGHBOURS, min(len(places) for places in at) - 1)
    model = AlignedUMAP(n_neighbors=neighbours, alignment_regularisation=ALIGNMENT_REGULARISATION, random_state=seed)
    frames = without_warnings(
        lambda: model.fit([drawn.vectors[places] for places in at], relations=related).embeddings_
    )
    places = np.zeros((len(drawn.vectors), 2))
    for points, frame in zip(reversed(at), reversed(list(frames)), strict=True):
        places[points] = frame
    return places


def _relation(now: np.ndarray, later: np.ndarray, places: np.ndarray, later_places: np.ndarray) -> dict[int, int]:
    """Return which row of one moment is which row of the next."""
    return dict(zip(np.searchsorted(places, now).tolist(), np.searchsorted(later_places, later).tolist(), strict=True))


def without_warnings(work: Callable[[], np.ndarray]) -> np.ndarray:
    """Run without umap's warnings (one thread when seeded): nobody reading a job's log can act on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()
