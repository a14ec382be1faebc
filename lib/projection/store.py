"""Write and read a run's map: coordinates.parquet, lines.parquet and map.json. Light: pages read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from lib.errors import StoreError
from lib.projection.truth import Truth


class Mapped(Protocol):
    """What has a map: a run."""

    @property
    def map_dir(self) -> Path: ...


@dataclass(frozen=True)
class Map:
    """A drawn map: coordinates {moment: (texts, 2) float32} in order of time, labels of the moments, and its lines.

    lines: pair, part, source, target (text ids), base_cosine, tuned_cosine, change (of the drawn length), noise, faded.
    truth is over all lines, held_out over the held-out ones. folder is where it is stored.
    """

    folder: Path
    method: str
    balance: float
    seconds: float
    labels: dict[str, str]
    coordinates: dict[str, np.ndarray]
    lines: pd.DataFrame
    truth: Truth
    held_out: Truth

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
    tall.to_parquet(folder / "coordinates.parquet", index=False)
    lines.to_parquet(folder / "lines.parquet", index=False)
    (folder / "map.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def load_map(run: Mapped) -> Map | None:
    """Read a run's map; None while there is none; raise StoreError where it is damaged."""
    folder = run.map_dir
    if not (folder / "map.json").exists():
        return None
    try:
        facts = json.loads((folder / "map.json").read_text(encoding="utf-8"))
        tall = pd.read_parquet(folder / "coordinates.parquet")
        lines = pd.read_parquet(folder / "lines.parquet")
        labels = {moment["name"]: moment["label"] for moment in facts["moments"]}
        places = tall[["x", "y"]].to_numpy(np.float32).reshape(len(labels), -1, 2)
        return Map(
            folder=folder,
            method=facts["method"],
            balance=float(facts["balance"]),
            seconds=float(facts["seconds"]),
            labels=labels,
            coordinates=dict(zip(labels, places, strict=True)),
            lines=lines,
            truth=as_truth(facts["truth"]),
            held_out=as_truth(facts["held_out"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError("The map of this run cannot be read.", todo="Draw it again.") from error


def as_truth(given: Mapping[str, Any]) -> Truth:
    """Build the figures from JSON, leaving out what this version does not know."""
    known = {field.name for field in fields(Truth)}
    return Truth(**{name: value for name, value in given.items() if name in known})
