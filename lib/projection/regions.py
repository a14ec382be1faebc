"""Regions of a map: clusters of texts that stand together in the first and in the last snapshot.

The same members in every snapshot, so that a region is followed from frame to frame. Near regions, for who zooms in, are clusters; wide ones
join those that stand close to each other. Keyphrases name both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import StoreError
from lib.projection.keyphrases import keyphrases
from lib.store.map_paths import MapPaths

WIDE, NEAR = "wide", "near"
"""The two levels: for the whole map, and for who zooms in."""

REGION_SHARE = 90
"""A near region has at least one of so many texts."""

MAX_WIDE = 7
"""Wide regions: as many as there are colours."""

MIN_REGION = 6
"""Texts of a region; fewer have no words in common but by chance."""

MAX_CLUSTERED = 20_000
"""Texts that are clustered; of more a sample, since the time grows with the square."""

MIN_TEXTS = 60
"""Texts below which a map has no regions to name."""


@dataclass(frozen=True)
class Regions:
    """Regions at one level: (texts,) the region of each text, -1 for none, and their names."""

    of_text: np.ndarray
    names: tuple[str, ...]


def find_regions(first: np.ndarray, last: np.ndarray, texts: list[str]) -> dict[str, Regions]:
    """Find regions of frames (n, 2) at every level, and name them by their texts."""
    if len(texts) < MIN_TEXTS:
        return {}
    positions = np.concatenate([first / max(first.std(), 1e-9), last / max(last.std(), 1e-9)], axis=1)
    if len(texts) > MAX_CLUSTERED:
        return _find_by_sample(positions, texts)
    near = _cluster(positions)
    return {WIDE: _name_regions(_join(positions, near), texts), NEAR: _name_regions(near, texts)}


def _find_by_sample(positions: np.ndarray, texts: Sequence[str]) -> dict[str, Regions]:
    """Find the regions of a sample of the positions (n, 4).

    Each text has the region of its nearest text in the sample.
    """
    from scipy.spatial import cKDTree

    rows = np.sort(np.random.default_rng(0).choice(len(positions), MAX_CLUSTERED, replace=False))
    near, some = _cluster(positions[rows]), [texts[row] for row in rows]
    nearest = cKDTree(positions[rows]).query(positions)[1]
    found = {WIDE: _name_regions(_join(positions[rows], near), some), NEAR: _name_regions(near, some)}
    return {level: Regions(regions.of_text[nearest], regions.names) for level, regions in found.items()}


def _cluster(positions: np.ndarray) -> np.ndarray:
    """Cluster by density (HDBSCAN: Campello, Moulavi and Sander 2013), (n,) from 0, -1 for none."""
    from sklearn.cluster import HDBSCAN

    least = max(MIN_REGION, len(positions) // REGION_SHARE)
    clusters = HDBSCAN(min_cluster_size=least, min_samples=5, cluster_selection_method="leaf", copy=True)
    return clusters.fit_predict(positions.astype(np.float64))


def _join(positions: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Join near regions (n,) by the distances of their centres (Ward 1963)."""
    from scipy.cluster.hierarchy import fcluster, linkage

    count = int(near.max()) + 1
    if count < 2:
        return near
    centres = np.stack([positions[near == number].mean(axis=0) for number in range(count)])
    wide = fcluster(linkage(centres, "ward"), min(MAX_WIDE, round(1.5 * count**0.5)), "maxclust") - 1
    return np.where(near < 0, -1, wide[near])


def _name_regions(of_text: np.ndarray, texts: list[str]) -> Regions:
    """Name each region by its keyphrases; one without any is none."""
    members = [np.flatnonzero(of_text == number) for number in range(of_text.max() + 1)]
    names = keyphrases(
        [[texts[row] for row in rows] for rows in members], [texts[row] for row in np.flatnonzero(of_text < 0)], most=2
    )
    named = [number for number, phrases in enumerate(names) if phrases]
    renumbered = np.full(len(texts), -1)
    for at, number in enumerate(named):
        renumbered[members[number]] = at
    return Regions(renumbered, tuple(", ".join(names[number]) for number in named))


def write_regions(folder: Path, regions: Mapping[str, Regions]) -> None:
    """Write beside the map, for each text, the names of its regions."""
    columns = {
        level: pd.Categorical.from_codes(some.of_text, [f"{number} {name}" for number, name in enumerate(some.names)])
        for level, some in regions.items()
        if some.names
    }
    pd.DataFrame(columns).to_parquet(MapPaths(folder).regions, index=False)


def load_regions(folder: Path, *, texts: int) -> dict[str, Regions]:
    """Read the regions of a map; none on maps of earlier versions.

    Raises StoreError where they are damaged.
    """
    path = MapPaths(folder).regions
    if not path.exists():
        return {}
    try:
        table = pd.read_parquet(path)
        if len(table.columns) and len(table) != texts:
            raise ValueError("of another map")
        return {str(level): _read_level(table[level]) for level in table}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error


def _read_level(cells: pd.Series) -> Regions:
    names = [str(name) for name in cells.cat.categories]
    return Regions(cells.cat.codes.to_numpy(np.int64), tuple(name.partition(" ")[2] for name in names))
