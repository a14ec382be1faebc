"""Write and read a run's map: coordinates.parquet, lines.parquet and map.json. Light: pages read it.

Texts that training did not follow (the strongest changes of a large dataset) stand in added.parquet and added.npz.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import StoreError
from lib.projection.quality import LayoutQuality
from lib.store.layout import MapPaths
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots


@dataclass(frozen=True)
class Map:
    """A drawn map: coordinates {moment: (texts, 2) float32} in order of time, labels of the moments, and its lines.

    lines: pair, part, source, target (text ids), base_cosine, tuned_cosine, change (of the drawn length), noise, faded.
    truth is over all lines, held_out over the held-out ones. folder is where it is stored. added: how many texts, the last
    ones, training did not follow, so that their places between the first and the last moment are estimates.
    """

    folder: Path
    method: str
    balance: float
    seconds: float
    labels: dict[str, str]
    coordinates: dict[str, np.ndarray]
    lines: pd.DataFrame
    truth: LayoutQuality
    held_out: LayoutQuality
    added: int = 0

    @property
    def texts(self) -> int:
        """Return how many texts have a place."""
        return len(next(iter(self.coordinates.values())))


def write_map(
    folder: Path, coordinates: Mapping[str, np.ndarray], lines: pd.DataFrame, facts: Mapping[str, Any]
) -> None:
    """Write the three files into a folder that is being published."""
    tall = pd.DataFrame(
        {
            "text": np.concatenate([np.arange(len(frame), dtype=np.int32) for frame in coordinates.values()]),
            "snapshot": np.repeat(list(coordinates), [len(frame) for frame in coordinates.values()]),
            "x": np.concatenate([frame[:, 0] for frame in coordinates.values()]),
            "y": np.concatenate([frame[:, 1] for frame in coordinates.values()]),
        }
    )
    paths = MapPaths(folder)
    tall.to_parquet(paths.coordinates, index=False)
    lines.to_parquet(paths.lines, index=False)
    paths.summary.write_text(json.dumps(facts, indent=1), encoding="utf-8")


def write_added_texts(folder: Path, texts: list[str], base: np.ndarray, tuned: np.ndarray) -> None:
    """Write added texts and their vectors (n, d) of both models beside the map."""
    paths = MapPaths(folder)
    pd.DataFrame({"text": texts}).to_parquet(paths.added_texts, index=False)
    np.savez(paths.added_vectors, base=base, tuned=tuned)


def map_texts(run: Run) -> list[str]:
    """Return the texts of a run's map: those that training followed, then the added ones."""
    added = run.paths.map.added_texts
    more = pd.read_parquet(added, columns=["text"])["text"].astype(str).tolist() if added.exists() else []
    return [*read_snapshots(run.paths.snapshots.folder).texts(), *more]


def end_vectors(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors (texts, d) of the map's texts by the base and by the tuned model."""
    known = read_snapshots(run.paths.snapshots.folder)
    ends = [known.vectors(known.all[place].name) for place in (0, -1)]
    added = run.paths.map.added_vectors
    if added.exists():
        with np.load(added, allow_pickle=False) as more:
            ends = [np.concatenate([rows, more[name]]) for rows, name in zip(ends, ("base", "tuned"), strict=True)]
    return ends[0], ends[1]


def load_map(run: Run) -> Map | None:
    """Read a run's map; None while there is none; raise StoreError where it is damaged."""
    paths = run.paths.map
    if not paths.summary.exists():
        return None
    try:
        facts = json.loads(paths.summary.read_text(encoding="utf-8"))
        tall = pd.read_parquet(paths.coordinates)
        lines = pd.read_parquet(paths.lines)
        labels = {moment["name"]: moment["label"] for moment in facts["moments"]}
        places = tall[["x", "y"]].to_numpy(np.float32).reshape(len(labels), -1, 2)
        return Map(
            folder=paths.folder,
            method=facts["method"],
            balance=float(facts["balance"]),
            seconds=float(facts["seconds"]),
            labels=labels,
            coordinates=dict(zip(labels, places, strict=True)),
            lines=lines,
            truth=quality_from_json(facts["truth"]),
            held_out=quality_from_json(facts["held_out"]),
            added=int(facts.get("added", 0)),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error


def quality_from_json(given: Mapping[str, Any]) -> LayoutQuality:
    """Build the figures from JSON, leaving out what this version does not know."""
    known = {field.name for field in fields(LayoutQuality)}
    return LayoutQuality(**{name: value for name, value in given.items() if name in known})
