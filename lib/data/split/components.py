"""Which rows belong together: those that share a text, a near duplicate or a group, directly or over others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib.data.columns.mapping import Examples
from lib.data.shapes import Shape
from lib.data.text_index import TextIndex


def find_components(examples: Examples, *, near: np.ndarray | None = None) -> np.ndarray:
    """Return the component of each row (int64, numbered in order of first appearance).

    Rows are joined by every text they share but negatives (a near duplicate counts as the same text), and by the group
    column where it is filled. near: (rows, text columns) codes of near duplicates, where they are known already.
    """
    frame = examples.frame
    if not len(frame):
        return np.zeros(0, dtype=np.int64)
    columns = ("text",) if examples.shape is Shape.LABELLED_TEXTS else ("anchor", "positive")
    known = near[:, : len(columns)] if near is not None else TextIndex(Examples(examples.shape, frame)).near
    joins = list(known[:, : len(columns)].T)
    if "group" in frame:
        codes = pd.factorize(frame["group"])[0].astype(np.int64)
        joins.append(np.where(frame["group"].to_numpy(dtype=object) == "", -1, codes + _after(joins)))
    return connect_rows(joins)


def connect_rows(joins: Sequence[np.ndarray]) -> np.ndarray:
    """Return the connected components of the graph of rows and codes; -1 joins nothing. O(rows x joins)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows = len(joins[0])
    nodes = rows + max(int(codes.max(initial=-1)) for codes in joins) + 1
    row = np.concatenate([np.flatnonzero(codes >= 0) for codes in joins])
    code = np.concatenate([codes[codes >= 0] for codes in joins])
    graph = coo_matrix((np.ones(len(row), dtype=np.int8), (row, code + rows)), shape=(nodes, nodes))
    found = connected_components(graph, directed=False)[1][:rows]
    return pd.factorize(found)[0].astype(np.int64)


def _after(joins: Sequence[np.ndarray]) -> int:
    return max(int(codes.max(initial=-1)) for codes in joins) + 1
