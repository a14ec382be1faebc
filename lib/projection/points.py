"""The points of a map: every distinct vector of all moments once, so that a text that did not change is one point that cannot move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lib.errors import InputError


@dataclass(frozen=True)
class DistinctPoints:
    """Distinct vectors, and which of them each text is at each moment.

    vectors: (p, d) float32, L2-normalised; of: (moments, texts) int64, the point of a text at a moment;
    home: (p,) int64, the first moment that has the point.
    """

    names: tuple[str, ...]
    vectors: np.ndarray
    of: np.ndarray
    home: np.ndarray

    @property
    def at(self) -> list[np.ndarray]:
        """The distinct points of each moment, ascending."""
        return [np.unique(row) for row in self.of]

    def spread(self, drawn: np.ndarray) -> dict[str, np.ndarray]:
        """Give every text of every moment the coordinates (p, 2) of its point: {moment: (texts, 2) float32}."""
        return {name: drawn[row].astype(np.float32) for name, row in zip(self.names, self.of, strict=True)}


def distinct_points(snapshots: Mapping[str, np.ndarray]) -> DistinctPoints:
    """Find the distinct vectors (bit for bit) of all snapshots; raise InputError for no, ragged or non-finite snapshots."""
    if not snapshots:
        raise InputError("There is nothing to draw.", todo="Train a model first.")
    arrays = [unit_snapshot(snapshots[name], where=name) for name in snapshots]
    if len({array.shape for array in arrays}) != 1:
        raise InputError(
            "The snapshots of this run do not hold the same texts.", todo="Draw the map again after a new training."
        )
    stacked = np.concatenate(arrays)
    first, inverse = distinct_rows(stacked)
    of = inverse.reshape(len(arrays), -1)
    return DistinctPoints(tuple(snapshots), stacked[first], of, first // len(arrays[0]))


def unit_snapshot(vectors: np.ndarray, *, where: str) -> np.ndarray:
    """Return float32 rows of length 1 (a zero row stays zero); raise InputError on NaN or infinity."""
    found = np.ascontiguousarray(vectors, dtype=np.float32)
    if found.ndim != 2 or not len(found):
        raise InputError("This snapshot holds no vectors.", where=where, todo="Train a model first.")
    if not np.isfinite(found).all():
        raise InputError("This snapshot holds values that are not numbers.", where=where, todo="Train the model again.")
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return found if np.allclose(length, 1, atol=1e-5) else found / np.where(length > 0, length, 1)


def distinct_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first index of each distinct row, in order of appearance, and each row's place among them."""
    keys = np.ascontiguousarray(rows + 0.0).view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[inverse.ravel()]
