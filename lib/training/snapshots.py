"""The embeddings of the shown texts at each moment of a run; maps and per-epoch figures are drawn from them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.store.publish import write_atomic
from lib.training.examples import text_columns

SHOWN_TEXTS = 8_000
"""Held-out and validation texts come first, then training texts, up to this many: each costs time in every epoch."""

EPOCHS_SHOWN = 12
"""A run of many epochs keeps about this many of them."""


def shown_texts(frame: pd.DataFrame, shape: Shape, *, limit: int = SHOWN_TEXTS) -> list[str]:
    """Return the distinct texts to follow: all of held-out and validation rows, then a fair sample of training rows."""
    names = text_columns(frame, shape)
    order = [frame[frame["part"] == part] for part in ("held_out", "validation")]
    train = frame[frame["part"] == "train"]
    order.append(train.sample(frac=1.0, random_state=0))
    texts: dict[str, None] = {}
    for part in order:
        for row in part[names].itertuples(index=False):
            if len(texts) >= limit:
                return list(texts)
            texts.update(dict.fromkeys(row))
    return list(texts)


def is_shown(epoch: int, epochs: int) -> bool:
    """Say whether an epoch's snapshot is kept: the first three, then evenly, so that 500 epochs don't fill the disk."""
    return epoch <= 3 or epoch % max(1, math.ceil(epochs / EPOCHS_SHOWN)) == 0


class Snapshots:
    """Writes a run's snapshots; each file is whole or not there, and writing one again is harmless."""

    def __init__(self, folder: Path, texts: list[str]) -> None:
        self.folder, self.texts = folder, texts
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "texts.parquet").exists():
            part = folder / ".part-texts.parquet"
            pd.DataFrame({"text": texts}).to_parquet(part)
            part.replace(folder / "texts.parquet")

    def write(self, name: str, *, epoch: int, embeddings: np.ndarray) -> None:
        """Write one moment's embeddings, (texts, dimension), L2-normalised on the way."""
        rows = np.asarray(embeddings, dtype=np.float32)
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        part = self.folder / f".part-{name}.npy"
        np.save(part, rows)
        part.replace(self.folder / f"{name}.npy")
        moments = [
            m
            for m in self.moments()
            if m["name"] != name and (name == "best" or m["epoch"] < epoch or m["name"] == "base")
        ]
        moments.append({"name": name, "epoch": epoch, "file": f"{name}.npy"})
        write_atomic(self.folder / "index.json", json.dumps({"moments": moments, "dim": int(rows.shape[1])}))

    def moments(self) -> list[dict[str, Any]]:
        """Return the moments written so far, in order."""
        path = self.folder / "index.json"
        return json.loads(path.read_text(encoding="utf-8"))["moments"] if path.exists() else []
