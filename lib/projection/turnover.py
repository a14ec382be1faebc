"""Compare the nearest texts of each text: base with tuned, and on the map with the full dimensions.

A text whose neighbours moved with it did not change its meaning; what counts is which texts are near, not how far it moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import StoreError
from lib.projection.line_measures import NUM_NEAREST
from lib.projection.points import unit_snapshot
from lib.store.map_paths import MapPaths

TRUE_AMONG = 50
"""A mark nearby is a true neighbour where its text is among so many nearest, or the nearest tenth of a small map.

Every flat picture confuses the tenth neighbour with the twelfth: asked for the ten nearest alone, 75 to 87% of the marks of four
datasets would be doubtful; so, 37 to 72%. What misleads is a neighbour from elsewhere.
"""

_TRUE = "true_"
"""Begin of the stored columns, one for each snapshot, that count true neighbours."""


@dataclass(frozen=True)
class TextNeighbours:
    """What is known of the nearest texts of each text of a map.

    num: how many nearest are compared; new: (texts,) how many of them by the tuned model are not among them by the base model;
    among: how many nearest texts are true neighbours of a mark; true: by snapshot (texts,), how many of the num nearest marks are
    among them.
    """

    num: int
    among: int
    new: np.ndarray
    true: dict[str, np.ndarray]

    def is_doubtful(self, snapshot: str) -> np.ndarray:
        """Mask the texts (texts,) whose marks stand mostly among texts that are no neighbours of theirs."""
        return 2 * self.true[snapshot] < self.num


def measure_neighbours(vectors: Mapping[str, np.ndarray], frames: Mapping[str, np.ndarray]) -> TextNeighbours:
    """Compare neighbours over snapshots of vectors (n, d) and of the map (n, 2), by name in order of time."""
    names = list(frames)
    size = len(frames[names[0]])
    num = max(0, min(NUM_NEAREST, size - 1))
    among = max(num, min(TRUE_AMONG, size // 10))
    nearest = {name: nearest_rows(unit_snapshot(vectors[name], where=name), among) for name in names}
    first, last = nearest[names[0]][:, :num], nearest[names[-1]][:, :num]
    true = {name: count_common(nearest_marks(frames[name], num), nearest[name]) for name in names}
    return TextNeighbours(num, among, num - count_common(last, first), true)


def nearest_rows(vectors: np.ndarray, num: int) -> np.ndarray:
    """Find the nearest other rows of unit vectors (n, d), the nearest first, (n, num)."""
    from lib.projection.pair_faithful.graph import nearest_neighbours

    return nearest_neighbours(vectors, k=num)[0]


def nearest_marks(frame: np.ndarray, num: int) -> np.ndarray:
    """Find the nearest other points of a frame (n, 2), (n, num)."""
    from scipy.spatial import cKDTree

    if num < 1:
        return np.zeros((len(frame), 0), np.int64)
    near = cKDTree(frame).query(frame, num + 1)[1].reshape(len(frame), num + 1)
    own = near == np.arange(len(frame))[:, None]
    own[~own.any(axis=1), -1] = True  # of many marks in one place, a row may not find itself
    return near[~own].reshape(len(frame), num)


def count_common(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Count by row how many of `some` (n, a) are among `others` (n, b), (n,)."""
    common = np.zeros(len(some), np.int64)
    for column in some.T:
        common += (others == column[:, None]).any(axis=1)
    return common


def write_text_neighbours(folder: Path, neighbours: TextNeighbours) -> None:
    """Write what is known of the neighbours beside the map."""
    counts = {f"{_TRUE}{name}": row.astype(np.int16) for name, row in neighbours.true.items()}
    table = pd.DataFrame({"new": neighbours.new.astype(np.int16), **counts})
    table = table.assign(num=np.int16(neighbours.num), among=np.int16(neighbours.among))
    table.to_parquet(MapPaths(folder).neighbours, index=False)


def load_text_neighbours(folder: Path, *, texts: int) -> TextNeighbours | None:
    """Read what is known of the neighbours of a map's texts; None on maps of earlier versions.

    Raises StoreError where it is damaged.
    """
    path = MapPaths(folder).neighbours
    if not path.exists():
        return None
    try:
        table = pd.read_parquet(path)
        if len(table) != texts or not texts:
            raise ValueError("of another map")
        true = {name.removeprefix(_TRUE): table[name].to_numpy(np.int64) for name in table if name.startswith(_TRUE)}
        num, among = int(table["num"].iloc[0]), int(table["among"].iloc[0])
        return TextNeighbours(num, among, table["new"].to_numpy(np.int64), true)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error
