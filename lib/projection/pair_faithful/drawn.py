"""Compiled searches on the drawn map: the distance of an r-th neighbour, the rank of a distance.

The points of a snapshot lie in the cells of a grid, so that a small rank looks at few of them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

POINTS_A_CELL = 8.0
"""Points in a cell of the grid, on average."""

MAX_CELLS = 1_000
"""Cells along either side: an outlier far away makes no endless grid."""

FAR_RANK = 2_048.0
"""Rank above which a neighbour's distance is found by counting in circles: to sort so many takes longer."""

FAR_TOLERANCE = 1e-3
"""Relative error of the square of such a distance."""

INSIDE = 1 - 1e-9
"""Share of the reach within which a cell counts as inside: rounding must not put one in."""


class Grid(NamedTuple):
    """Points (x, y) sorted by cell, cell by cell, row by row.

    start (rows * columns + 1,): where each cell begins; left, low: the lowest x and y; size: a cell's side. Which point stands where
    is not kept: searches go by position.
    """

    x: np.ndarray
    y: np.ndarray
    start: np.ndarray
    columns: int
    rows: int
    left: float
    low: float
    size: float


@njit(cache=True, nogil=True, error_model="numpy")
def build_grid(x: np.ndarray, y: np.ndarray) -> Grid:
    """Sort points into the cells of a grid."""
    left, low = x.min(), y.min()
    wide, high = x.max() - left, y.max() - low
    size = max(np.sqrt(max(wide * high, 1e-12) * POINTS_A_CELL / len(x)), max(wide, high) / MAX_CELLS, 1e-9)
    columns, rows = int(wide / size) + 1, int(high / size) + 1
    cell = np.empty(len(x), np.int64)
    start = np.zeros(columns * rows + 1, np.int64)
    for i in range(len(x)):
        cell[i] = min(rows - 1, int((y[i] - low) / size)) * columns + min(columns - 1, int((x[i] - left) / size))
        start[cell[i] + 1] += 1
    for number in range(columns * rows):
        start[number + 1] += start[number]
    place = start[:-1].copy()
    sorted_x, sorted_y = np.empty(len(x)), np.empty(len(x))
    for i in range(len(x)):
        at = place[cell[i]]
        sorted_x[at], sorted_y[at] = x[i], y[i]
        place[cell[i]] += 1
    return Grid(sorted_x, sorted_y, start, columns, rows, left, low, size)


@njit(cache=True, nogil=True, error_model="numpy")
def select(values: np.ndarray, size: int, number: int) -> float:
    """Find the value of that number, from 0, among the first `size` in ascending order.

    Reorders them (Hoare 1961).
    """
    low, high = 0, size - 1
    while low < high:
        pivot, i, j = values[(low + high) >> 1], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i, j = i + 1, j - 1
        if number <= j:
            high = j
        elif number >= i:
            low = i
        else:
            break
    return float(values[number])


@njit(cache=True, nogil=True, error_model="numpy")
def add_squares(grid: Grid, x: float, y: float, first: int, last: int, out: np.ndarray, count: int) -> int:
    """Write the squared distances from (x, y) of the points from first to last, and count on."""
    for at in range(first, last):
        dx, dy = grid.x[at] - x, grid.y[at] - y
        out[count] = dx * dx + dy * dy
        count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def cells_inside(grid: Grid, x: float, y: float, line: int, reach: float) -> tuple[int, int]:
    """Find the cells of a row that lie wholly within reach of (x, y): first, and one past the last."""
    edge = grid.low + line * grid.size
    dy = max(abs(edge - y), abs(edge + grid.size - y))
    if dy >= reach:
        return 0, 0
    half = np.sqrt(reach * reach - dy * dy) * INSIDE
    first = max(0, int(np.ceil((x - half - grid.left) / grid.size)))
    last = min(grid.columns, int(np.floor((x + half - grid.left) / grid.size)))
    return (first, last) if first < last else (0, 0)


@njit(cache=True, nogil=True, error_model="numpy")
def count_within(grid: Grid, x: float, y: float, limit: float) -> int:
    """Count the points whose squared distance from (x, y) is below a limit.

    Cells wholly inside are counted without a look at their points.
    """
    reach = np.sqrt(limit)
    left, right = int((x - reach - grid.left) / grid.size), int((x + reach - grid.left) / grid.size)
    low, high = int((y - reach - grid.low) / grid.size), int((y + reach - grid.low) / grid.size)
    count = 0
    for line in range(max(0, low), min(grid.rows - 1, high) + 1):
        begin = line * grid.columns
        first, last = max(0, left), min(grid.columns - 1, right) + 1
        inner, outer = cells_inside(grid, x, y, line, reach)
        if inner == outer:
            inner, outer = last, last
        count += grid.start[begin + outer] - grid.start[begin + inner]
        for begin_at, end_at in ((first, inner), (outer, last)):
            for at in range(grid.start[begin + begin_at], grid.start[begin + end_at]):
                dx, dy = grid.x[at] - x, grid.y[at] - y
                count += dx * dx + dy * dy < limit
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def far_neighbour(grid: Grid, x: float, y: float, rank: float) -> float:
    """Find the squared distance of the r-th nearest other point of (x, y), within FAR_TOLERANCE.

    By counting points in circles.
    """
    low = high = grid.size * grid.size * rank / (POINTS_A_CELL * np.pi)  # on a map of even density
    while count_within(grid, x, y, high) <= rank:
        low, high = high, 4.0 * high
    while low > 0 and count_within(grid, x, y, low) > rank:
        high, low = low, low / 4.0
    while high > (1 + FAR_TOLERANCE) * low and low > 0:
        middle = np.sqrt(low * high)
        if count_within(grid, x, y, middle) > rank:
            high = middle
        else:
            low = middle
    return np.sqrt(low * high)


@njit(cache=True, nogil=True, error_model="numpy")
def neighbour_distances(
    low: int, high: int, grid: Grid, x: np.ndarray, y: np.ndarray, rank: np.ndarray, out: np.ndarray
) -> None:
    """Write the distance of the r-th nearest other point of each end (x, y), r not always whole.

    Rings of cells are added until the r nearest cannot lie outside. Between whole ranks the distance is interpolated, both on
    logarithmic scales.
    """
    square = np.empty(len(grid.x))
    for end in range(low, high):
        column = min(grid.columns - 1, int((x[end] - grid.left) / grid.size))
        row = min(grid.rows - 1, int((y[end] - grid.low) / grid.size))
        wanted = min(max(rank[end], 1.0), max(1.0, len(grid.x) - 1.0))
        if wanted > FAR_RANK:
            out[end] = np.sqrt(far_neighbour(grid, x[end], y[end], wanted))
            continue
        count, ring = 0, 0
        while True:
            for line in range(max(0, row - ring), min(grid.rows, row + ring + 1)):
                begin = line * grid.columns
                if abs(line - row) == ring:
                    first, last = max(0, column - ring), min(grid.columns, column + ring + 1)
                    count = add_squares(
                        grid, x[end], y[end], grid.start[begin + first], grid.start[begin + last], square, count
                    )
                    continue
                for side in (column - ring, column + ring):
                    if 0 <= side < grid.columns:
                        count = add_squares(
                            grid, x[end], y[end], grid.start[begin + side], grid.start[begin + side + 1], square, count
                        )
            if count == len(grid.x):
                break
            inside = 0
            reach = (ring * grid.size) ** 2
            if count > wanted + 1:
                for number in range(count):
                    inside += square[number] <= reach
            if inside > wanted + 1:
                break
            ring += 1
        whole = int(wanted)  # number 0 is the end itself
        nearest, share = select(square, count, min(whole, count - 1)), wanted - whole
        if share > 0 and whole + 1 < count:
            following = np.inf
            for number in range(whole + 1, count):
                following = min(following, square[number])
            nearest = max(nearest, 1e-12) ** (1 - share) * max(following, 1e-12) ** share
        out[end] = np.sqrt(nearest)


@njit(cache=True, nogil=True, error_model="numpy")
def drawn_ranks(
    low: int, high: int, grid: Grid, x: np.ndarray, y: np.ndarray, ends: np.ndarray, others: np.ndarray, out: np.ndarray
) -> None:
    """Write the rank of each other point among an end's nearest drawn points: 1 + those nearer.

    grid: of all points (x, y).
    """
    for number in range(low, high):
        at_x, at_y = x[ends[number]], y[ends[number]]
        dx, dy = x[others[number]] - at_x, y[others[number]] - at_y
        # Both directions of a line give the same sum of squares to the bit: only signs differ.
        out[number] = max(1, count_within(grid, at_x, at_y, dx * dx + dy * dy))  # the end itself is counted
