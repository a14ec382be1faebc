"""Collect the points of a map, each distinct vector of all snapshots once.

So an unchanged text cannot move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lib.errors import InputError


@dataclass(frozen=True)
class DistinctPoints:
    """Distinct vectors of all snapshots, and the point of each text in each snapshot.

    snapshots: names, in order of time; vectors: (points, d) float32, L2-normalised; index: (snapshots, texts) int64, the point of
    a text in a snapshot; first_snapshot: (points,) int64, the first snapshot that has the point.
    """

    snapshots: tuple[str, ...]
    vectors: np.ndarray
    index: np.ndarray
    first_snapshot: np.ndarray

    @property
    def by_snapshot(self) -> list[np.ndarray]:
        """The distinct points of each snapshot, ascending."""
        return [np.unique(row) for row in self.index]

    def to_frames(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Expand positions of points (points, 2) to texts: {snapshot: (texts, 2) float32}."""
        return {name: positions[row].astype(np.float32) for name, row in zip(self.snapshots, self.index, strict=True)}


def distinct_points(snapshots: Mapping[str, np.ndarray]) -> DistinctPoints:
    """Find the distinct vectors (bit for bit) of all snapshots {name: (texts, d)}.

    Raises InputError for no snapshots, and for ragged or non-finite ones.
    """
    if not snapshots:
        raise InputError("There is nothing to draw.", todo="Train a model first.")
    arrays = [unit_snapshot(snapshots[name], where=name) for name in snapshots]
    if len({array.shape for array in arrays}) != 1:
        raise InputError(
            "The snapshots of this run do not hold the same texts.", todo="Draw the map again after a new training."
        )
    stacked = np.concatenate(arrays)
    first, inverse = distinct_rows(stacked)
    index = inverse.reshape(len(arrays), -1)
    return DistinctPoints(tuple(snapshots), stacked[first], index, first // len(arrays[0]))


def unit_snapshot(vectors: np.ndarray, *, where: str) -> np.ndarray:
    """Scale the rows (n, d) to length 1, float32; a zero row stays zero.

    Raises InputError on NaN or infinity.

    where: the snapshot's name, for the message.
    """
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or not len(rows):
        raise InputError("This snapshot holds no vectors.", where=where, todo="Train a model first.")
    if not np.isfinite(rows).all():
        raise InputError("This snapshot holds values that are not numbers.", where=where, todo="Train the model again.")
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    # Rows that are normalised already keep their bits: equal vectors of two snapshots have to stay one point.
    return rows if np.allclose(length, 1, atol=1e-5) else rows / np.where(length > 0, length, 1)


def distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the first index of each distinct row, in order of appearance, and each row's number among them."""
    # + 0.0 makes -0.0 the same as 0.0; one void per row lets np.unique compare whole rows as bytes.
    keys = np.ascontiguousarray(rows + 0.0).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    number = np.empty_like(order)
    number[order] = np.arange(len(order))
    return first[order], number[inverse.ravel()]
