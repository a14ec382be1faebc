"""Write and read a run's map: coordinates, lines and facts. Light: pages read it.

Texts that training did not follow (the strongest changes of a large dataset) are stored beside them, with their vectors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import StoreError
from lib.projection.quality import LayoutQuality
from lib.store.layout import MapPaths
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.typed_json import build, read_stored


@dataclass(frozen=True)
class SnapshotLabel:
    """A snapshot on the map: its name (base, epoch-001, ..., best), its epoch, and what the slider shows."""

    name: str
    epoch: int
    label: str


@dataclass(frozen=True)
class MapFacts:
    """How a map was made and its quality; what map.json holds.

    quality is over all lines, held_out_quality over the held-out ones. added: how many texts, the last ones, training did not follow,
    so that their positions between the first and the last snapshot are estimates.
    """

    method: str
    balance: float
    seconds: float
    snapshots: tuple[SnapshotLabel, ...]
    quality: LayoutQuality
    held_out_quality: LayoutQuality
    added: int = 0
    seed: int = 0
    texts: int = 0

    def to_json(self) -> dict[str, object]:
        """Convert to plain JSON values under the stored keys.

        "moments" are the snapshots, "truth" the quality.
        """
        return {
            "method": self.method,
            "balance": self.balance,
            "seed": self.seed,
            "seconds": self.seconds,
            "moments": [{"name": one.name, "epoch": one.epoch, "label": one.label} for one in self.snapshots],
            "texts": self.texts,
            "added": self.added,
            "truth": self.quality.to_json(),
            "held_out": self.held_out_quality.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> MapFacts:
        """Build from JSON values. Raises KeyError, TypeError or ValueError where they are damaged."""
        return cls(
            method=stored["method"],
            balance=float(stored["balance"]),
            seconds=float(stored["seconds"]),
            snapshots=tuple(
                SnapshotLabel(one["name"], int(one.get("epoch") or 0), one["label"]) for one in stored["moments"]
            ),
            quality=LayoutQuality.from_json(stored["truth"]),
            held_out_quality=LayoutQuality.from_json(stored["held_out"]),
            added=int(stored.get("added", 0)),
            seed=int(stored.get("seed", 0)),
            texts=int(stored.get("texts", 0)),
        )


@dataclass(frozen=True)
class Map:
    """A map as pages read it: coordinates, its lines, and its facts.

    Coordinates {snapshot: (texts, 2) float32} in order of time.

    lines: pair, part, source, target (text ids), base_cosine, tuned_cosine, change (of the drawn length), noise, faded.
    folder is where it is stored.
    """

    folder: Path
    facts: MapFacts
    coordinates: dict[str, np.ndarray]
    lines: pd.DataFrame

    @property
    def texts(self) -> int:
        """How many texts are on the map."""
        return len(next(iter(self.coordinates.values())))

    @property
    def labels(self) -> dict[str, str]:
        """What the slider shows for each snapshot."""
        return {one.name: one.label for one in self.facts.snapshots}


def write_map(folder: Path, coordinates: Mapping[str, np.ndarray], lines: pd.DataFrame, facts: MapFacts) -> None:
    """Write the three files into a folder that is being published."""
    frames = coordinates.values()
    table = pd.DataFrame(
        {
            "text": np.concatenate([np.arange(len(frame), dtype=np.int32) for frame in frames]),
            "snapshot": np.repeat(list(coordinates), [len(frame) for frame in frames]),
            "x": np.concatenate([frame[:, 0] for frame in frames]),
            "y": np.concatenate([frame[:, 1] for frame in frames]),
        }
    )
    paths = MapPaths(folder)
    table.to_parquet(paths.coordinates, index=False)
    lines.to_parquet(paths.lines, index=False)
    paths.summary.write_text(json.dumps(facts.to_json(), indent=1), encoding="utf-8")


def write_added_texts(folder: Path, texts: list[str], base: np.ndarray, tuned: np.ndarray) -> None:
    """Write added texts and their vectors (n, d) of both models beside the map."""
    paths = MapPaths(folder)
    pd.DataFrame({"text": texts}).to_parquet(paths.added_texts, index=False)
    np.savez(paths.added_vectors, base=base, tuned=tuned)


def map_texts(run: Run, *, plain: bool = False) -> list[str]:
    """Read the texts of a run's map: those that training followed, then the added ones."""
    added = run.paths.map_of(plain=plain).added_texts
    more = pd.read_parquet(added, columns=["text"])["text"].astype(str).tolist() if added.exists() else []
    return [*read_snapshots(run.paths.snapshots.folder).texts(), *more]


def end_vectors(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Read the vectors (texts, d) of the map's texts by the base and by the tuned model."""
    snapshots = read_snapshots(run.paths.snapshots.folder)
    ends = [snapshots.vectors(snapshots.names[number]) for number in (0, -1)]
    added = run.paths.map.added_vectors
    if added.exists():
        with np.load(added, allow_pickle=False) as more:
            ends = [np.concatenate([rows, more[name]]) for rows, name in zip(ends, ("base", "tuned"), strict=True)]
    return ends[0], ends[1]


def load_map_facts(run: Run, *, plain: bool = False) -> MapFacts | None:
    """Read how a run's map was made and its quality, without its coordinates; None while there is none.

    Raises StoreError where they are damaged.
    """
    summary = run.paths.map_of(plain=plain).summary
    if not summary.exists():
        return None
    try:
        return build(MapFacts.from_json, read_stored(summary))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error


def load_map(run: Run, *, plain: bool = False) -> Map | None:
    """Read a run's map, or that by plain UMAP; None while there is none.

    Raises StoreError where it is damaged.
    """
    paths = run.paths.map_of(plain=plain)
    facts = load_map_facts(run, plain=plain)
    if facts is None:
        return None
    try:
        table = pd.read_parquet(paths.coordinates)
        lines = pd.read_parquet(paths.lines)
        names = [one.name for one in facts.snapshots]
        frames = table[["x", "y"]].to_numpy(np.float32).reshape(len(names), -1, 2)
        return Map(paths.folder, facts, dict(zip(names, frames, strict=True)), lines)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error
