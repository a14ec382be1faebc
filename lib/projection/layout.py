"""Draw all moments of a run in one frame, by the chosen method, with its figures of merit."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lib.errors import InputError
from lib.progress import Progress, Silent
from lib.projection.methods import DEFAULT_BALANCE, LAYOUT_METHODS
from lib.projection.points import DistinctPoints, distinct_points, distinct_rows
from lib.projection.quality import LayoutQuality, line_quality, text_movement, trustworthiness


@dataclass(frozen=True)
class Layout:
    """Coordinates {moment: (n, 2) float32} in one frame, their truth, and the seconds that drawing took (not the measuring)."""

    coordinates: dict[str, np.ndarray]
    truth: LayoutQuality
    seconds: float
    method: str
    balance: float


def compute_layout(
    snapshots: Mapping[str, np.ndarray],
    pairs: np.ndarray,
    *,
    method: str = "pair-faithful",
    balance: float = DEFAULT_BALANCE,
    seed: int = 0,
    progress: Progress = Silent(),
) -> Layout:
    """Draw the snapshots {moment: (n, d)}, in order of time, with pairs (m, 2) of rows; raise InputError for what cannot be drawn."""
    pairs = check_layout_inputs(pairs, snapshots, method=method, balance=balance)
    begin = time.perf_counter()
    drawn = distinct_points(snapshots)
    places = rotate_to_principal_axis(
        compute_positions(drawn, pairs, method=method, balance=balance, seed=seed, progress=progress), drawn.of[-1]
    )
    seconds = time.perf_counter() - begin
    progress.stage("Checking the map", "against the full dimensions")
    return Layout(drawn.spread(places), measure_layout(drawn, places, pairs), seconds, method, balance)


def check_layout_inputs(
    pairs: np.ndarray, snapshots: Mapping[str, np.ndarray], *, method: str, balance: float
) -> np.ndarray:
    """Return pairs as (m, 2) int64; raise InputError for an unknown method, a balance outside 0..1 or rows that do not exist."""
    if method not in LAYOUT_METHODS:
        raise InputError(f"“{method}” is not a way to draw a map.", todo=f"Choose one of {', '.join(LAYOUT_METHODS)}.")
    if not 0 <= balance <= 1:
        raise InputError(f"The balance is {balance}.", todo="Give a number from 0 (neighbourhoods) to 1 (pairs).")
    found = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    rows = min((len(array) for array in snapshots.values()), default=0)
    if len(found) and (found.min() < 0 or found.max() >= rows):
        raise InputError("A pair names a text that is not in the snapshots.", todo="Train the model again.")
    return found


def compute_positions(
    drawn: DistinctPoints, pairs: np.ndarray, *, method: str, balance: float, seed: int, progress: Progress
) -> np.ndarray:
    """Return the places (p, 2) of all points by the method."""
    if method == "pair-faithful":
        from lib.projection.pair_faithful.optimise import pair_faithful_layout

        return pair_faithful_layout(drawn, pairs, balance=balance, seed=seed, progress=progress)
    from lib.projection import baselines
    from lib.projection.pair_faithful.optimise import principal_components

    if method == "umap":
        return baselines.joint_umap(drawn, seed=seed, progress=progress)
    if method == "aligned":
        return baselines.aligned_umap(drawn, seed=seed, progress=progress)
    return principal_components(drawn.vectors)


def rotate_to_principal_axis(places: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Turn all places (p, 2) so that the last moment's points lie widest from left to right, as screens do; no distance changes."""
    if len(last) < 2:
        return places
    frame = places[last].astype(np.float64)
    _, axes = np.linalg.eigh(np.cov(frame.T))
    wide = axes[:, 1] * (-1 if axes[np.abs(axes[:, 1]).argmax(), 1] < 0 else 1)
    return places @ np.array([[wide[0], -wide[1]], [wide[1], wide[0]]])


def measure_layout(drawn: DistinctPoints, places: np.ndarray, pairs: np.ndarray) -> LayoutQuality:
    """Measure lines from first to last moment, and the neighbourhoods of both."""
    frames = drawn.spread(places)
    ends = [drawn.vectors[row] for row in (drawn.of[0], drawn.of[-1])]
    first, last = drawn.names[0], drawn.names[-1]
    trust = {
        name: found
        for name, vectors in zip((first, last), ends, strict=True)
        if (found := trustworthiness(vectors, frames[name])) is not None
    }
    cosine = tuple((vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).sum(axis=1) for vectors in ends)
    truth = line_quality(frames[first], frames[last], (cosine[0], cosine[1]), pairs)
    return replace(truth, trustworthiness=trust, placebo_movement=null_movement(drawn, frames))


def null_movement(drawn: DistinctPoints, frames: Mapping[str, np.ndarray]) -> float | None:
    """Return how far texts moved whose vectors are identical first and last, as a share of how far the others moved.

    Where no text stayed, an identical copy of the first moment is looked up as another moment would be. None where nothing moved.
    """
    still = drawn.of[0] == drawn.of[-1]
    away = np.linalg.norm(text_movement(frames), axis=1)
    moved = away[~still].mean() if (~still).any() else 0.0
    if moved <= 0:
        return None
    stood = away[still] if still.any() else twin_distances(drawn, next(iter(frames.values())))
    return float(stood.mean() / moved)


def twin_distances(drawn: DistinctPoints, frame: np.ndarray) -> np.ndarray:
    """Return how far the texts of an identical copy of the first moment lie from their twins in its frame (n, 2)."""
    rows = drawn.vectors[drawn.of[0]]
    first, place = distinct_rows(np.concatenate([rows, rows.copy()]))
    twin = first[place[len(rows) :]]
    return np.linalg.norm(frame[twin % len(rows)] - frame, axis=1)
