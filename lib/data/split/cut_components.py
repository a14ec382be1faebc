"""Split a component that is too large for a fair split, by leaving out the rows that tie its pieces together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.split.components import connect_rows

PIECES_PER_HELD_OUT = 12
"""A piece is at most this fraction (1/12) of the rows that held-out asks for: small enough to meet sizes."""


def cut_components(
    ends: np.ndarray, *, weights: np.ndarray, need: np.ndarray, groups: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the part of each row (0 train, 1 validation, 2 held-out, -1 between two parts) and the piece it is in.

    ends: (rows, 2) codes of the texts; need: rows wanted by part; weights: how much a row's two texts belong together.
    Texts are gathered into pieces along the heaviest rows first (Kruskal's order, with a limit on size); then regions of
    neighbouring pieces become held-out and validation, so that few rows cross a border. groups never come apart.
    """
    texts = np.unique(ends, return_inverse=True)[1].reshape(ends.shape)
    if groups is not None:
        texts = _with_groups(texts, groups)
    limit = max(2, int(need[1:].max() / PIECES_PER_HELD_OUT))
    piece = _pieces(texts, weights, limit, np.random.default_rng(seed))
    sizes = np.bincount(piece[texts[:, 0]], minlength=int(piece.max()) + 1)
    part = _regions(piece[texts], sizes, need, np.random.default_rng(seed))
    sides = part[piece[texts]]
    return np.where(sides[:, 0] == sides[:, 1], sides[:, 0], -1), piece[texts[:, 0]]


def _with_groups(texts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return codes in which all texts of a group are one."""
    together = connect_rows([texts[:, 0], texts[:, 1], np.where(groups < 0, -1, groups + texts.max() + 1)])
    grouped = pd.Series(groups >= 0).groupby(together).transform("any").to_numpy()
    return np.where(grouped[:, None], together[:, None] + texts.max() + 1, texts)


def _pieces(texts: np.ndarray, weights: np.ndarray, limit: int, generator: np.random.Generator) -> np.ndarray:
    """Return the piece of each text: merged along rows while no piece holds more than `limit` row ends / 2."""
    parent = list(range(int(texts.max()) + 1))
    size = np.bincount(texts.ravel(), minlength=len(parent)).tolist()

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    order = np.lexsort((generator.random(len(texts)), -weights))
    for left, right in texts[order].tolist():
        left, right = root(left), root(right)
        if left != right and size[left] + size[right] <= 2 * limit:
            parent[right] = left
            size[left] += size[right]
    return pd.factorize(np.array([root(node) for node in range(len(parent))]))[0].astype(np.int64)


def _regions(ends: np.ndarray, sizes: np.ndarray, need: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the part of each piece: held-out, then validation, then train, along a walk over neighbouring pieces."""
    part = np.zeros(len(sizes), dtype=np.int64)
    wanted = [(2, need[2]), (1, need[1])]
    filled = 0.0
    for piece in _walk(ends, len(sizes), generator):
        while wanted and filled >= wanted[0][1] - 0.5:
            wanted.pop(0)
            filled = 0.0
        if not wanted:
            break
        part[piece] = wanted[0][0]
        filled += float(sizes[piece])
    return part


def _walk(ends: np.ndarray, pieces: int, generator: np.random.Generator) -> list[int]:
    """Return the pieces so that neighbours follow each other: breadth first from a random piece, component by component."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order

    graph = coo_matrix((np.ones(len(ends), dtype=np.int32), (ends[:, 0], ends[:, 1])), shape=(pieces, pieces)).tocsr()
    seen = np.zeros(pieces, dtype=bool)
    order: list[int] = []
    for start in generator.permutation(pieces).tolist():
        if not seen[start]:
            found = breadth_first_order(graph, start, directed=False, return_predecessors=False)
            seen[found] = True
            order.extend(found.tolist())
    return order
