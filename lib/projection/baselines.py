"""Baseline layouts of several snapshots: UMAP on all at once, and AlignedUMAP."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from lib.progress import Progress
from lib.projection.methods import NUM_NEIGHBOURS
from lib.projection.pair_faithful.optimise import principal_components
from lib.projection.points import DistinctPoints

MIN_UMAP_POINTS = 5
"""Fewer points than this are laid out by PCA: umap needs neighbours."""

ALIGNMENT_REGULARISATION = 0.01
"""AlignedUMAP's default: how strongly a text's positions in two snapshots are held together."""


def joint_umap(points: DistinctPoints, *, seed: int, progress: Progress) -> np.ndarray:
    """Compute the positions (points, 2) of all distinct points by one UMAP."""
    if len(points.vectors) < MIN_UMAP_POINTS:
        return principal_components(points.vectors)
    progress.stage("Drawing the map", "UMAP, all snapshots together")
    from umap import UMAP

    neighbours = min(NUM_NEIGHBOURS, len(points.vectors) - 1)
    return without_warnings(lambda: UMAP(n_neighbors=neighbours, random_state=seed).fit_transform(points.vectors))


def aligned_umap(points: DistinctPoints, *, seed: int, progress: Progress) -> np.ndarray:
    """Compute the positions (points, 2) by AlignedUMAP: one UMAP a snapshot, related by text.

    Each snapshot is given its distinct points alone: AlignedUMAP fails on duplicates.
    """
    members, index = points.by_snapshot, points.index
    if len(members) < 2 or min(len(rows) for rows in members) < MIN_UMAP_POINTS + 1:
        return principal_components(points.vectors)
    progress.stage("Drawing the map", "AlignedUMAP, snapshot by snapshot")
    from umap import AlignedUMAP

    relations = [
        _relation(index[number], index[number + 1], members[number], members[number + 1])
        for number in range(len(members) - 1)
    ]
    neighbours = min(NUM_NEIGHBOURS, min(len(rows) for rows in members) - 1)
    model = AlignedUMAP(n_neighbors=neighbours, alignment_regularisation=ALIGNMENT_REGULARISATION, random_state=seed)
    vectors = [points.vectors[rows] for rows in members]
    frames = without_warnings(lambda: model.fit(vectors, relations=relations).embeddings_)
    positions = np.zeros((len(points.vectors), 2))
    for rows, frame in zip(reversed(members), reversed(list(frames)), strict=True):
        positions[rows] = frame  # a point of several snapshots takes its position from the first
    return positions


def _relation(before: np.ndarray, after: np.ndarray, members: np.ndarray, later_members: np.ndarray) -> dict[int, int]:
    """Map rows of one snapshot to rows of the next by text.

    before, after: the point of each text; members: ascending.
    """
    rows, later_rows = np.searchsorted(members, before).tolist(), np.searchsorted(later_members, after).tolist()
    return dict(zip(rows, later_rows, strict=True))


def without_warnings(work: Callable[[], np.ndarray]) -> np.ndarray:
    """Run without umap's warnings (one thread when seeded): nobody who reads a job's log can act on them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return work()
