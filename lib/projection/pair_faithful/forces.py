"""The arrays that the compiled kernels read and write, grouped; light: nothing here is compiled.

Named tuples, because numba takes them as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Motion(NamedTuple):
    """Where the points are and how they move: position and velocity, (2, points) float64 each."""

    position: np.ndarray
    velocity: np.ndarray


class PointLines(NamedTuple):
    """The lines of each point in CSR form: indptr (points + 1,), the line of each entry, and its sign.

    The sign is 1 where the point is the first end of the line and -1 where it is the second.
    """

    indptr: np.ndarray
    line: np.ndarray
    sign: np.ndarray


class Springs(NamedTuple):
    """The ends (2, snapshots, pairs) of each line, its target length and its weight.

    Target lengths (snapshots, pairs), weights (pairs,).
    """

    ends: np.ndarray
    target: np.ndarray
    weight: np.ndarray


class Forces(NamedTuple):
    """The forces of one step, x and y.

    attraction (2, points): along the graph's edges; repulsion (2, ring positions): from the negatives; slot (points,): each point's
    position in the rings; spring (2, snapshots * pairs): on the first end of each line; degree (points,): of the graph.
    """

    attraction: np.ndarray
    repulsion: np.ndarray
    slot: np.ndarray
    spring: np.ndarray
    degree: np.ndarray
