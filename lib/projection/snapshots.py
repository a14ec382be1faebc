"""Read the snapshots that training left: the shown texts and their vectors at each moment. Light: numpy and parquet, memory-mapped."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.errors import NotFoundError, StoreError


@dataclass(frozen=True)
class Moment:
    """One moment of a run: its name (base, epoch-001, ..., best), epoch, and file of vectors."""

    name: str
    epoch: int
    file: Path

    @property
    def label(self) -> str:
        """Return what a person reads on the slider."""
        if self.name == "base":
            return "Base"
        return f"Best (epoch {self.epoch})" if self.name == "best" else f"Epoch {self.epoch}"


@dataclass(frozen=True)
class Snapshots:
    """The moments of a run in order of time, base first and best last."""

    folder: Path
    moments: tuple[Moment, ...]

    def texts(self) -> list[str]:
        """Return the shown texts; the place in the list is the text's id."""
        return pd.read_parquet(self.folder / "texts.parquet", columns=["text"])["text"].astype(str).tolist()

    def vectors(self, name: str) -> np.ndarray:
        """Return the vectors (texts, d) of one moment, mapped from disk. Raises StoreError for a damaged file."""
        moment = next((moment for moment in self.moments if moment.name == name), None)
        if moment is None:
            raise NotFoundError(f"This run has no snapshot “{name}”.")
        try:
            return np.load(moment.file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise StoreError(f"The snapshot “{name}” cannot be read.", todo="Train the model again.") from error


def read_snapshots(folder: Path) -> Snapshots:
    """Read snapshots/index.json; raise NotFoundError where there is none and StoreError where it is damaged."""
    try:
        listed = json.loads((folder / "index.json").read_text(encoding="utf-8"))["moments"]
        moments = [
            Moment(m["name"], int(m.get("epoch") or 0), folder / m.get("file", f"{m['name']}.npy")) for m in listed
        ]
    except FileNotFoundError as error:
        raise NotFoundError(
            "This run has no snapshots to draw.", todo="Its training has not ended, or stopped before."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError("The list of snapshots cannot be read.", todo="Train the model again.") from error
    moments.sort(key=lambda moment: (moment.name == "best", moment.name != "base", moment.epoch))
    return Snapshots(folder, tuple(moments))
