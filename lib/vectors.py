"""Operations on matrices of vectors that every room shares. Imports numpy only."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from lib.errors import ModelError

SMALLEST_NORM = 1e-12
"""A shorter vector counts as zero, as in torch.nn.functional.normalize.

It is divided by this and stays (nearly) zero.
"""
NORM_ROWS = 20_000
"""Rows whose lengths, or dot products, are computed at once."""
MOST_HELD_BYTES = 1_000_000_000
"""Larger matrices of vectors are mapped from disk: of 384 dimensions those of 650,000 texts and more."""
TIE = 1e-6
"""Cosines this near to each other are equal: two float32 sums of the same products differ by up to about this much."""


def normalize_rows(rows: np.ndarray | Sequence[np.ndarray], *, dtype: DTypeLike = np.float32) -> np.ndarray:
    """L2-normalize rows, (n, d); zero rows stay zero."""
    matrix = np.asarray(rows, dtype=dtype)
    lengths = np.empty((len(matrix), 1), dtype=matrix.dtype)
    for begin in range(0, len(matrix), NORM_ROWS):  # numpy squares all of its rows at once
        lengths[begin : begin + NORM_ROWS] = np.linalg.norm(matrix[begin : begin + NORM_ROWS], axis=1, keepdims=True)
    return matrix / np.maximum(lengths, SMALLEST_NORM)


def dot_products(rows: np.ndarray, row: np.ndarray) -> np.ndarray:
    """Compute the dot products (n,) float32 of rows (n, d) with one row (d,), block by block.

    Half floats are slow to multiply.
    """
    one = np.asarray(row, np.float32)
    blocks = [rows[low : low + NORM_ROWS] for low in range(0, len(rows), NORM_ROWS)]
    return np.concatenate([np.asarray(block, np.float32) @ one for block in blocks] or [np.zeros(0, np.float32)])


def are_equal_rows(rows: np.ndarray) -> bool:
    """Check whether all rows are one vector but for float rounding: their order would be one of noise."""
    return not len(rows) or bool(np.ptp(rows, axis=0).max(initial=0.0) <= TIE)


def order_by_score(scores: np.ndarray, columns: np.ndarray | None = None) -> np.ndarray:
    """Order columns by their scores, (rows, columns), the highest first; within TIE they are tied.

    columns: the columns, in rising order, that the scores are of; of those that tie the lower one comes first.
    """
    columns = np.broadcast_to(np.arange(scores.shape[1]), scores.shape) if columns is None else columns
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.take_along_axis(columns, order, axis=1)
    if scores.shape[1] < 2:
        return ranked
    gaps = np.diff(np.take_along_axis(scores, order, axis=1), axis=1)
    groups = np.concatenate([np.zeros((len(scores), 1), dtype=np.int64), np.cumsum(gaps < -TIE, axis=1)], axis=1)
    return np.take_along_axis(ranked, np.lexsort((ranked, groups), axis=1), axis=1)


def empty_rows(count: int, dimension: int, *, folder: Path) -> np.ndarray:
    """Make a matrix (count, dimension) float32 of zeros to be filled.

    Above MOST_HELD_BYTES it is mapped from a file in the folder that goes with it, so that the system may write it out.
    """
    if 4 * count * dimension <= MOST_HELD_BYTES:
        return np.zeros((count, dimension), dtype=np.float32)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, dtype=np.float32, mode="w+", shape=(count, dimension))


def check_finite(rows: np.ndarray, *, name: str) -> np.ndarray:
    """Pass embeddings through.

    Raises ModelError where one is not finite: comparisons with NaN are always false.
    """
    blocks = (rows[begin : begin + NORM_ROWS] for begin in range(0, len(rows), NORM_ROWS))
    broken = sum(int((~np.isfinite(block)).any(axis=1).sum()) for block in blocks)
    if broken:
        raise ModelError(
            f"The {name} model gives {broken:,} of {len(rows):,} texts vectors that are no numbers, and cannot be evaluated.",
            todo="Choose another base model." if name == "base" else "Train again with a lower learning rate.",
        )
    return rows
