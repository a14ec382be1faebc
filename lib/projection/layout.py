"""Compute the layout of all snapshots of a run in one frame, and measure its quality.

By the chosen method.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from lib.errors import InputError
from lib.progress import Progress, Silent
from lib.projection.line_measures import LineMeasures, line_quality, measure_pairs
from lib.projection.methods import DEFAULT_BALANCE, LAYOUT_METHODS, MAX_COMPARED
from lib.projection.pair_faithful.graph import PointNeighbours, nearest_neighbours
from lib.projection.points import DistinctPoints, distinct_points, distinct_rows
from lib.projection.quality import LayoutQuality, text_movement, trustworthiness
from lib.projection.ranks import count_nearer, snapshot_ranks


@dataclass(frozen=True)
class Layout:
    """Coordinates {snapshot: (texts, 2) float32} in one frame, their quality, and the seconds.

    lines: the pairs as measured in the first and the last snapshot. The seconds are those of the layout alone.
    """

    coordinates: dict[str, np.ndarray]
    quality: LayoutQuality
    lines: LineMeasures
    seconds: float
    method: str
    balance: float

    @property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last frame, (texts, 2) each."""
        frames = list(self.coordinates.values())
        return frames[0], frames[-1]


@dataclass(frozen=True)
class PairedPoints:
    """What a layout places: the distinct points of the snapshots, and pairs (m, 2) int64 of texts."""

    points: DistinctPoints
    pairs: np.ndarray

    @cached_property
    def neighbours(self) -> tuple[PointNeighbours, ...]:
        """The nearest points of each snapshot's points, numbered among them.

        Layouts of all seeds share them.
        """
        return tuple(nearest_neighbours(self.points.vectors[members]) for members in self.points.by_snapshot)

    @cached_property
    def ranks(self) -> np.ndarray:
        """The pairs' true ranks among the points of every snapshot, (2, snapshots, m).

        Layouts of all seeds share them. Estimated where there are many points, but for those among the nearest.
        """
        is_estimate = max(len(members) for members in self.points.by_snapshot) > MAX_COMPARED
        return snapshot_ranks(self.points, self.pairs, neighbours=self.neighbours if is_estimate else ())

    def text_ranks(self) -> np.ndarray:
        """Rank the pairs among all texts of the first and the last snapshot, (2, 2, m).

        Texts that share a point count each, where a point counts once.
        """
        vectors = self.points.vectors
        ranks = self.ranks[:, [0, -1]]
        for number, row in ((0, self.points.index[0]), (1, self.points.index[-1])):
            further = np.delete(row, np.unique(row, return_index=True)[1])
            if len(further):
                ranks[:, number] += count_nearer(vectors, row[self.pairs], further)
        return ranks


def paired_points(snapshots: Mapping[str, np.ndarray], pairs: np.ndarray) -> PairedPoints:
    """Collect the points of snapshots {name: (texts, d)}, in order of time, with pairs (m, 2) of texts.

    Raises InputError for rows that do not exist, no snapshots, and ragged or non-finite ones.
    """
    rows = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    texts = min((len(vectors) for vectors in snapshots.values()), default=0)
    if len(rows) and (rows.min() < 0 or rows.max() >= texts):
        raise InputError("A pair names a text that is not in the snapshots.", todo="Train the model again.")
    return PairedPoints(distinct_points(snapshots), rows)


def compute_layout(
    paired: PairedPoints,
    *,
    method: str = "pair-faithful",
    balance: float = DEFAULT_BALANCE,
    seed: int = 0,
    progress: Progress = Silent(),
) -> Layout:
    """Lay out the points and measure the layout.

    Raises InputError for an unknown method and a balance outside 0..1.
    """
    begin = time.perf_counter()
    positions = compute_positions(paired, method=method, balance=balance, seed=seed, progress=progress)
    seconds = time.perf_counter() - begin
    progress.stage("Drawing the map", "comparing with the full dimensions")
    points = paired.points
    lines = measure_pairs(*ends_of(points, positions), paired.pairs, true_rank=paired.text_ranks())
    quality = measure_layout(points, positions, lines)
    return Layout(points.to_frames(positions), quality, lines, seconds, method, balance)


def check_layout_options(*, method: str, balance: float) -> None:
    """Raise InputError for an unknown method and a balance outside 0..1."""
    if method not in LAYOUT_METHODS:
        raise InputError(f"“{method}” is not a layout method.", todo=f"Choose one of {', '.join(LAYOUT_METHODS)}.")
    if not 0 <= balance <= 1:
        raise InputError(f"The balance is {balance}.", todo="Give a number from 0 (neighbourhoods) to 1 (pairs).")


def compute_positions(
    paired: PairedPoints, *, method: str, balance: float, seed: int, progress: Progress = Silent()
) -> np.ndarray:
    """Compute the positions (points, 2) of all points by the method, spread most from left to right.

    Raises InputError for an unknown method and a balance outside 0..1.
    """
    check_layout_options(method=method, balance=balance)
    positions = _positions(paired, method=method, balance=balance, seed=seed, progress=progress)
    return rotate_to_principal_axis(positions, paired.points.index[-1])


def _positions(paired: PairedPoints, *, method: str, balance: float, seed: int, progress: Progress) -> np.ndarray:
    from lib.projection.pair_faithful.optimise import pair_faithful_layout, principal_components

    points = paired.points
    if method == "pair-faithful":
        progress.stage("Drawing the map", "finding neighbours")
        return pair_faithful_layout(
            points, paired.neighbours, paired.pairs, paired.ranks, balance=balance, seed=seed, progress=progress
        )
    from lib.projection.baselines import aligned_umap, joint_umap

    if method == "umap":
        return joint_umap(points, seed=seed, progress=progress)
    if method == "aligned":
        return aligned_umap(points, seed=seed, progress=progress)
    return principal_components(points.vectors)


def rotate_to_principal_axis(positions: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Rotate positions (points, 2) so that the last snapshot spreads most from left to right.

    As screens do.

    Their first principal axis becomes the x axis. A rotation, no reflection: no distance changes.
    """
    if len(last) < 2:
        return positions
    frame = positions[last].astype(np.float64)
    _, axes = np.linalg.eigh(np.cov(frame.T))
    # eigh sorts ascending: the last column is the axis of most variance; its larger entry is made positive, so that it repeats.
    axis = axes[:, 1] * (-1 if axes[np.abs(axes[:, 1]).argmax(), 1] < 0 else 1)
    return positions @ np.array([[axis[0], -axis[1]], [axis[1], axis[0]]])


def ends_of(
    points: DistinctPoints, positions: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Take vectors (texts, d) and positions (texts, 2) of the first and of the last snapshot."""
    first, last = points.index[0], points.index[-1]
    return (points.vectors[first], points.vectors[last]), (positions[first], positions[last])


def measure_layout(points: DistinctPoints, positions: np.ndarray, lines: LineMeasures) -> LayoutQuality:
    """Measure lines from first to last snapshot, both neighbourhoods, and movement without change."""
    names = points.snapshots[0], points.snapshots[-1]
    trust = {
        name: value
        for name, vectors, frame in zip(names, *ends_of(points, positions), strict=True)
        if (value := trustworthiness(vectors, frame)) is not None
    }
    still = null_movement(points, points.to_frames(positions))
    return replace(line_quality(lines, names), trustworthiness=trust, movement_of_identical_snapshot=still)


def null_movement(points: DistinctPoints, frames: Mapping[str, np.ndarray]) -> float | None:
    """Compute the movement of texts with unchanged vectors as a share of the movement of the others.

    Where no text stayed, an identical copy of the first snapshot is placed as another snapshot would be. None where nothing moved.
    """
    is_same = points.index[0] == points.index[-1]
    distance = np.linalg.norm(text_movement(frames), axis=1)
    real = distance[~is_same].mean() if (~is_same).any() else 0.0
    if real <= 0:
        return None
    null = distance[is_same] if is_same.any() else twin_distances(points, next(iter(frames.values())))
    return float(null.mean() / real)


def twin_distances(points: DistinctPoints, frame: np.ndarray) -> np.ndarray:
    """Compute the distances of a copy of the first snapshot's texts from their twins.

    frame: (texts, 2).
    """
    rows = points.vectors[points.index[0]]
    first, number = distinct_rows(np.concatenate([rows, rows.copy()]))
    twin = first[number[len(rows) :]]
    return np.linalg.norm(frame[twin % len(rows)] - frame, axis=1)
