"""The maps that a run can have, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class MapKind(StrEnum):
    """The maps that a run can have, by the name of their folder.

    MAIN: of the texts that training followed, with all snapshots; PLAIN: the same by plain UMAP, to compare with; ALL: of all texts of the
    dataset, base and tuned.
    """

    MAIN = "map"
    PLAIN = "map-plain"
    ALL = "map-all"


@dataclass(frozen=True)
class MapPaths:
    """The files of a map."""

    folder: Path

    @property
    def summary(self) -> Path:
        """Method, snapshots, quality figures, JSON."""
        return self.folder / "map.json"

    @property
    def coordinates(self) -> Path:
        """2D coordinates by text and snapshot, Parquet."""
        return self.folder / "coordinates.parquet"

    @property
    def lines(self) -> Path:
        """The pairs on the map, Parquet."""
        return self.folder / "lines.parquet"

    @property
    def neighbours(self) -> Path:
        """How many neighbours of each text are new, and how many nearby marks are true ones, Parquet."""
        return self.folder / "neighbours.parquet"

    @property
    def regions(self) -> Path:
        """The names of each text's regions, Parquet."""
        return self.folder / "regions.parquet"

    @property
    def positions(self) -> Path:
        """Of a map of all texts its coordinates (snapshots, texts, 2) float32, npy.

        In place of the Parquet file.
        """
        return self.folder / "positions.npy"

    @property
    def coordinates_file(self) -> Path:
        """Whichever of both files this map has."""
        return self.positions if self.folder.name == MapKind.ALL.value else self.coordinates

    def vectors(self, model: str) -> Path:
        """Of a map of all texts the vectors (texts, d) float16 of a model, npy. model: base or tuned."""
        return self.folder / f"{model}.npy"

    @property
    def texts(self) -> Path:
        """Of a map of all texts the texts, one after the other, UTF-8."""
        return self.folder / "texts.bin"

    @property
    def text_ends(self) -> Path:
        """After how many bytes each of these texts ends, (texts,) int64, little-endian."""
        return self.folder / "text-ends.bin"

    @property
    def added_texts(self) -> Path:
        """Texts that the map holds beyond those of the snapshots, Parquet."""
        return self.folder / "added.parquet"

    @property
    def added_vectors(self) -> Path:
        """Base and tuned vectors of the added texts, npz."""
        return self.folder / "added.npz"
