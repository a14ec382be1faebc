"""Read and write snapshots: the vectors of a run's shown texts, base, after epochs, and best.

Light: numpy, parquet and JSON. A snapshot is (texts, dimension) float32, L2-normalised, mapped from disk when read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import NotFoundError, StoreError
from lib.store.layout import SnapshotPaths
from lib.store.publish import replace_file, write_atomic
from lib.typed_json import JsonError, build, read_stored, typed
from lib.vectors import normalize_rows

BASE = "base"
"""Name of the snapshot before training."""

BEST = "best"
"""Name of the snapshot of the best epoch's model, which is the tuned model."""


def snapshot_label(name: str, epoch: float) -> str:
    """Write a snapshot's name for people: Base, Epoch 2, Best (epoch 2)."""
    if name == BASE:
        return "Base"
    return f"Best (epoch {epoch:g})" if name == BEST else f"Epoch {epoch:g}"


@dataclass(frozen=True)
class Snapshot:
    """One snapshot: its name (base, epoch-001, ..., best), its epoch, and its file of vectors."""

    name: str
    epoch: int
    file: Path

    @property
    def label(self) -> str:
        """What the slider of the map shows."""
        return snapshot_label(self.name, self.epoch)

    @property
    def order(self) -> tuple[bool, bool, int]:
        """Sort key: base first, then by epoch, best last."""
        return (self.name == BEST, self.name != BASE, self.epoch)

    def load(self) -> np.ndarray:
        """Map the vectors (texts, dimension) from disk. Raises OSError or ValueError for a damaged file."""
        rows = np.load(self.file, mmap_mode="r", allow_pickle=False)
        if rows.ndim != 2:
            raise ValueError("not a matrix")
        return rows


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of a run in order of time, base first and best last."""

    folder: Path
    all: tuple[Snapshot, ...]

    @property
    def names(self) -> list[str]:
        """The names in order of time."""
        return [snapshot.name for snapshot in self.all]

    def texts(self) -> list[str]:
        """Read the shown texts; the index in the list is the text's id."""
        return read_texts(self.folder)

    def get(self, name: str) -> Snapshot:
        """Find a snapshot by name. Raises NotFoundError."""
        match = next((snapshot for snapshot in self.all if snapshot.name == name), None)
        if match is None:
            raise NotFoundError(f"This run has no snapshot “{name}”.")
        return match

    def vectors(self, name: str) -> np.ndarray:
        """Map the vectors (texts, dimension) of one snapshot from disk. Raises NotFoundError, StoreError."""
        try:
            return self.get(name).load()
        except (OSError, ValueError) as error:
            raise StoreError(f"The snapshot “{name}” cannot be read.", todo="Train the model again.") from error


def read_texts(folder: Path) -> list[str]:
    """Read the shown texts of a folder of snapshots."""
    return pd.read_parquet(SnapshotPaths(folder).texts, columns=["text"])["text"].astype(str).tolist()


def read_snapshots(folder: Path) -> Snapshots:
    """Read the list of snapshots.

    Raises NotFoundError where there is none, StoreError where it is damaged.
    """
    try:
        snapshots = [Snapshot(row["name"], row["epoch"], folder / row["file"]) for row in read_index(folder)]
    except FileNotFoundError as error:
        raise NotFoundError(
            "This run has no snapshots to draw.", todo="Its training has not ended, or stopped before."
        ) from error
    except (OSError, JsonError) as error:
        raise StoreError("The list of snapshots cannot be read.", todo="Train the model again.") from error
    return Snapshots(folder, tuple(sorted(snapshots, key=lambda snapshot: snapshot.order)))


def read_index(folder: Path) -> list[dict[str, Any]]:
    """Read the index's rows: name, epoch, file.

    Raises OSError (FileNotFoundError where there is none) and JsonError.
    """
    # "moments" is the stored word for snapshots: workspaces of earlier versions have it.
    return build(lambda stored: list(map(_read_row, stored["moments"])), read_stored(SnapshotPaths(folder).index))


def _read_row(row: dict[str, Any]) -> dict[str, Any]:
    """Check a row; its file lies in the folder itself. Raises ValueError and KeyError."""
    name, epoch = typed(str, row["name"]), typed(int, row.get("epoch") or 0)
    file = typed(str, row.get("file", f"{name}.npy"))
    if not re.fullmatch(r"[\w-][\w.-]*", file):
        raise ValueError(f"{file} is no file of the folder")
    return {"name": name, "epoch": epoch, "file": file}


def snapshot_problems(folder: Path) -> list[str]:
    """List the snapshots that are in the index but cannot be read, one line each."""
    try:
        snapshots = read_snapshots(folder).all
    except NotFoundError:
        return []
    except StoreError as error:
        return [f"snapshots: {error.what}"]
    problems = []
    for snapshot in snapshots:
        try:
            snapshot.load()
        except (OSError, ValueError, EOFError) as error:
            problems.append(f"snapshots/{snapshot.file.name}: cannot be read ({type(error).__name__})")
    return problems


class SnapshotWriter:
    """Writes a run's snapshots; each file is whole or not there, and writing one again is harmless."""

    def __init__(self, folder: Path, texts: list[str]) -> None:
        self.folder, self.paths = folder, SnapshotPaths(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if self.paths.texts.exists():  # a training that goes on follows the texts it began with
            self.texts = read_texts(folder)
        else:
            self.texts = texts
            with replace_file(self.paths.texts) as part:
                pd.DataFrame({"text": texts}).to_parquet(part)

    def write(self, name: str, *, epoch: int, embeddings: np.ndarray) -> None:
        """Write one snapshot's embeddings, (texts, dimension), L2-normalised on the way."""
        self._put(name, epoch, normalize_rows(embeddings))

    def repeat(self, source: str, name: str, *, epoch: int) -> bool:
        """Write a snapshot with the vectors of an earlier one; return False where that one cannot be read."""
        if source not in {row["name"] for row in self.index()}:
            return False
        try:
            rows = np.load(self.paths.vectors(source), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return False
        self._put(name, epoch, rows)
        return True

    def _put(self, name: str, epoch: int, rows: np.ndarray) -> None:
        final = self.paths.vectors(name)
        with replace_file(final) as part:
            np.save(part, rows)
        before = [
            row
            for row in self.index()
            if row["name"] != name and (name == BEST or row["epoch"] < epoch or row["name"] == BASE)
        ]
        entries = [*before, {"name": name, "epoch": epoch, "file": final.name}]
        write_atomic(self.paths.index, json.dumps({"moments": entries, "dim": int(rows.shape[1])}))

    def index(self) -> list[dict[str, Any]]:
        """Read the rows written so far, in order; none when there is no index yet. Raises StoreError."""
        try:
            return read_index(self.folder)
        except FileNotFoundError:
            return []
        except (OSError, JsonError) as error:
            raise StoreError("The list of snapshots cannot be read.", todo="Train the model again.") from error
