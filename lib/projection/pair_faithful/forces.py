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
    """The ends (2, snapshots, pairs) of each line, and what is asked of its length.

    target (snapshots, pairs): the logarithm of its length; pull (pairs,): from 0 to 1, how far the length itself is asked for and not
    its change alone; longest: the logarithm of the greatest length that is asked for, since a line whose change is asked for could
    throw its ends out of the map.
    """

    ends: np.ndarray
    target: np.ndarray
    pull: np.ndarray
    longest: float


class Forces(NamedTuple):
    """The forces of one step, x and y.

    attraction (2, points): along the graph's edges; repulsion (2, ring positions): from the negatives; slot (points,): each point's
    position in the rings; correction (2, snapshots * pairs): the way of the first end of each line towards the length that is asked
    for; degree (points,): of the graph.
    """

    attraction: np.ndarray
    repulsion: np.ndarray
    slot: np.ndarray
    correction: np.ndarray
    degree: np.ndarray
