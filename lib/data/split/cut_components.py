"""Cut components too large for a fair split, by leaving out the rows that connect their pieces.

Texts are the nodes of a graph and rows its edges. Exact balanced cuts are NP-hard (graph partitioning), so two greedy
passes must do: small clusters of texts along the heaviest edges, in the order of Kruskal's algorithm (1956) with a
limit on size; then parts grown breadth first over neighbouring clusters, so that few edges cross a border.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.data.split.components import connect_rows

PIECES_PER_HELD_OUT = 12
"""A piece holds at most 1/12 of the rows of the larger of validation and held-out.

Small enough that the sizes asked for can be met.
"""


def cut_components(
    ends: np.ndarray, *, weights: np.ndarray, need: np.ndarray, groups: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Assign the split and the piece of each row.

    0 train, 1 validation, 2 held-out, -1 cut: between two splits.

    ends: (rows, 2) codes of the texts; need: rows wanted by part; weights: how much a row's two texts belong together;
    groups: (rows,) codes of groups, which are never cut, -1 for none.
    """
    texts = np.unique(ends, return_inverse=True)[1].reshape(ends.shape)
    if groups is not None:
        texts = _merge_groups(texts, groups)
    limit = max(2, int(need[1:].max() / PIECES_PER_HELD_OUT))
    piece = _find_pieces(texts, weights, limit, np.random.default_rng(seed))
    sizes = np.bincount(piece[texts[:, 0]], minlength=int(piece.max()) + 1)
    part = _grow_parts(piece[texts], sizes, need, np.random.default_rng(seed))
    sides = part[piece[texts]]
    return np.where(sides[:, 0] == sides[:, 1], sides[:, 0], -1), piece[texts[:, 0]]


def _merge_groups(texts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Recode the texts so that all texts of a group are one."""
    together = connect_rows([texts[:, 0], texts[:, 1], np.where(groups < 0, -1, groups + texts.max() + 1)])
    grouped = pd.Series(groups >= 0).groupby(together).transform("any").to_numpy()
    return np.where(grouped[:, None], together[:, None] + texts.max() + 1, texts)


def _find_pieces(texts: np.ndarray, weights: np.ndarray, limit: int, generator: np.random.Generator) -> np.ndarray:
    """Merge texts into pieces along rows, heaviest first, ties at random.

    A piece has at most 2 * limit row ends.

    Union-find with path halving (Tarjan and van Leeuwen 1984).
    """
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


def _grow_parts(ends: np.ndarray, sizes: np.ndarray, need: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Assign the split of each piece over neighbouring pieces: held-out, then validation, then train."""
    part = np.zeros(len(sizes), dtype=np.int64)
    wanted = [(2, need[2]), (1, need[1])]
    rows = 0.0
    for piece in _breadth_first_order(ends, len(sizes), generator):
        while wanted and rows >= wanted[0][1] - 0.5:
            wanted.pop(0)
            rows = 0.0
        if not wanted:
            break
        part[piece] = wanted[0][0]
        rows += float(sizes[piece])
    return part


def _breadth_first_order(ends: np.ndarray, pieces: int, generator: np.random.Generator) -> list[int]:
    """Order the pieces so that neighbours follow each other.

    Breadth first from random ones, component by component.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import breadth_first_order

    graph = coo_matrix((np.ones(len(ends), dtype=np.int32), (ends[:, 0], ends[:, 1])), shape=(pieces, pieces)).tocsr()
    seen = np.zeros(pieces, dtype=bool)
    order: list[int] = []
    for start in generator.permutation(pieces).tolist():
        if not seen[start]:
            reached = breadth_first_order(graph, start, directed=False, return_predecessors=False)
            seen[reached] = True
            order.extend(reached.tolist())
    return order
