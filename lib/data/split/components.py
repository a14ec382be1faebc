"""Find the components of rows that share a text, a near duplicate or a group, also transitively."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.data.columns.mapping import Examples
from lib.data.text_index import TextIndex
from lib.shapes import Shape


def find_components(examples: Examples, *, near_codes: np.ndarray | None = None) -> np.ndarray:
    """Find the connected component of each row (int64, numbered in order of first appearance).

    Rows are connected by every text they share but negatives (near duplicates count as one text), and by the group
    column where it is filled. near_codes: (rows, text columns) codes of near duplicates, where known already.
    """
    frame = examples.frame
    if not len(frame):
        return np.zeros(0, dtype=np.int64)
    columns = ("text",) if examples.shape is Shape.LABELLED_TEXTS else ("anchor", "positive")
    known = near_codes if near_codes is not None else TextIndex(Examples(examples.shape, frame)).near_codes
    joins = list(known[:, : len(columns)].T)
    if "group" in frame:
        codes = pd.factorize(frame["group"])[0].astype(np.int64)
        joins.append(np.where(frame["group"].to_numpy(dtype=object) == "", -1, codes + _next_code(joins)))
    return connect_rows(joins)


def connect_rows(joins: Sequence[np.ndarray]) -> np.ndarray:
    """Find the connected components of rows that share a code in one of the arrays.

    Code -1 connects nothing.

    The graph is bipartite, rows on one side and codes on the other, so that a code of k rows costs k edges rather than
    the k(k - 1) / 2 of its pairs: O(rows x joins) in all.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = len(joins[0])
    nodes = rows + max(int(codes.max(initial=-1)) for codes in joins) + 1
    row = np.concatenate([np.flatnonzero(codes >= 0) for codes in joins])
    code = np.concatenate([codes[codes >= 0] for codes in joins])
    graph = coo_matrix((np.ones(len(row), dtype=np.int8), (row, code + rows)), shape=(nodes, nodes))
    labels = connected_components(graph, directed=False)[1][:rows]
    return pd.factorize(labels)[0].astype(np.int64)


def _next_code(joins: Sequence[np.ndarray]) -> int:
    return max(int(codes.max(initial=-1)) for codes in joins) + 1
