"""Write and read a run's map: coordinates, lines and facts. Light: pages read it.

Texts that training did not follow (the strongest changes of a large dataset) are stored beside them, with their vectors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import StoreError
from lib.projection.quality import LayoutQuality
from lib.projection.stored_texts import StoredTexts, write_stored_texts
from lib.store.map_paths import MapKind, MapPaths
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


def write_all_texts_map(
    folder: Path, coordinates: Mapping[str, np.ndarray], texts: Sequence[str], lines: pd.DataFrame, facts: MapFacts
) -> None:
    """Write a map of all texts into a folder that is being published, as files to be mapped into memory."""
    paths = MapPaths(folder)
    np.save(paths.positions, np.stack(list(coordinates.values())).astype(np.float32))
    write_stored_texts(paths, texts)
    lines.to_parquet(paths.lines, index=False)
    paths.summary.write_text(json.dumps(facts.to_json(), indent=1), encoding="utf-8")


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


def write_end_vectors(folder: Path, vectors: Mapping[str, np.ndarray]) -> None:
    """Write the vectors (texts, d) of base and tuned model beside a map of all texts.

    As float16: three digits of a cosine stay.
    """
    ends = list(vectors.values())
    for model, rows in (("base", ends[0]), ("tuned", ends[-1])):
        np.save(MapPaths(folder).vectors(model), rows.astype(np.float16))


def map_texts(run: Run, *, kind: MapKind = MapKind.MAIN) -> Sequence[str]:
    """Read the texts of a run's map: those that training followed, then the added ones.

    Of a map of all texts all.
    """
    paths = run.paths.map_of(kind)
    if kind is MapKind.ALL:
        return StoredTexts.open(paths)
    added = paths.added_texts
    more = pd.read_parquet(added, columns=["text"])["text"].astype(str).tolist() if added.exists() else []
    return [*read_snapshots(run.paths.snapshots.folder).texts(), *more]


def end_vectors(run: Run, *, kind: MapKind = MapKind.MAIN) -> tuple[np.ndarray, np.ndarray]:
    """Read the vectors (texts, d) of the map's texts by the base and by the tuned model.

    Of a map of all texts they are float16, mapped from disk.
    """
    if kind is MapKind.ALL:
        base, tuned = (np.load(run.paths.map_of(kind).vectors(name), mmap_mode="r") for name in ("base", "tuned"))
        return base, tuned
    snapshots = read_snapshots(run.paths.snapshots.folder)
    ends = [snapshots.vectors(snapshots.names[number]) for number in (0, -1)]
    added = run.paths.map.added_vectors
    if added.exists():
        with np.load(added, allow_pickle=False) as more:
            ends = [np.concatenate([rows, more[name]]) for rows, name in zip(ends, ("base", "tuned"), strict=True)]
    return ends[0], ends[1]


def load_map_facts(run: Run, *, kind: MapKind = MapKind.MAIN) -> MapFacts | None:
    """Read how a run's map was made and its quality, without its coordinates; None while there is none.

    Raises StoreError where they are damaged.
    """
    summary = run.paths.map_of(kind).summary
    if not summary.exists():
        return None
    try:
        return build(MapFacts.from_json, read_stored(summary))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error


def load_map(run: Run, *, kind: MapKind = MapKind.MAIN) -> Map | None:
    """Read one of a run's maps; None while it is not drawn.

    Raises StoreError where it is damaged.
    """
    paths = run.paths.map_of(kind)
    facts = load_map_facts(run, kind=kind)
    if facts is None:
        return None
    try:
        lines = pd.read_parquet(paths.lines)
        names = [one.name for one in facts.snapshots]
        frames = _read_frames(paths, len(names), is_mapped=kind is MapKind.ALL)
        return Map(paths.folder, facts, dict(zip(names, frames, strict=True)), lines)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error


def _read_frames(paths: MapPaths, snapshots: int, *, is_mapped: bool) -> np.ndarray:
    """Read the coordinates (snapshots, texts, 2) float32, of a map of all texts mapped from disk."""
    if not is_mapped:
        table = pd.read_parquet(paths.coordinates)
        return table[["x", "y"]].to_numpy(np.float32).reshape(snapshots, -1, 2)
    frames = np.load(paths.positions, mmap_mode="r", allow_pickle=False)
    if frames.ndim != 3 or len(frames) != snapshots or frames.dtype != np.float32:
        raise ValueError("of another map")
    return frames
