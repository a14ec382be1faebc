"""The embeddings of the shown texts at each moment of a run; maps and per-epoch figures are drawn from them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.shapes import Shape
from lib.settings import MAX_DRAWN_POINTS
from lib.store.publish import write_atomic
from lib.training.examples import text_columns

SHOWN_TEXTS = 8_000
"""Texts that are followed, at most, in a dataset of ordinary size: each costs time in every epoch."""

SHOWN_SHARE = 0.4
"""Of a large dataset so many texts a row are followed, up to what a picture draws: still a small part of an epoch's time."""

ROOM = {"held_out": 0.6, "validation": 0.7, "train": 1.0}
"""How full each part, in this order, may make the list where not all texts fit."""

EPOCHS_SHOWN = 12
"""A run of many epochs keeps about this many of them."""


def shown_limit(rows: int) -> int:
    """Return how many texts of a dataset of so many rows are followed."""
    return min(MAX_DRAWN_POINTS, max(SHOWN_TEXTS, int(SHOWN_SHARE * rows)))


def shown_texts(frame: pd.DataFrame, shape: Shape, *, limit: int | None = None) -> list[str]:
    """Return the distinct texts to follow: all of held-out, validation and training rows where they fit, else a fair sample of each."""
    limit = shown_limit(len(frame)) if limit is None else limit
    names = text_columns(frame, shape)
    rows = {part: frame.loc[frame["part"] == part, names].sample(frac=1.0, random_state=0) for part in ROOM}
    texts: dict[str, None] = {}
    for share in (ROOM, dict.fromkeys(ROOM, 1.0)):  # what a part left over is filled up in the second round
        for part, most in share.items():
            for row in rows[part].itertuples(index=False):
                if len(texts) >= most * limit:
                    break
                texts.update(dict.fromkeys(row))
    return list(texts)


def is_shown(epoch: int, epochs: int) -> bool:
    """Say whether an epoch's snapshot is kept: the first three, then evenly, so that 500 epochs don't fill the disk."""
    return epoch <= 3 or epoch % max(1, math.ceil(epochs / EPOCHS_SHOWN)) == 0


def kept_moments(epochs: int) -> int:
    """Return how many snapshots a run of so many epochs keeps at most, base and best among them."""
    return min(epochs, EPOCHS_SHOWN + 3) + 2


class Snapshots:
    """Writes a run's snapshots; each file is whole or not there, and writing one again is harmless."""

    def __init__(self, folder: Path, texts: list[str]) -> None:
        self.folder, self.texts = folder, texts
        folder.mkdir(parents=True, exist_ok=True)
        listed = folder / "texts.parquet"
        if listed.exists():  # a training that goes on follows the texts it began with
            self.texts = pd.read_parquet(listed, columns=["text"])["text"].astype(str).tolist()
        else:
            part = folder / ".part-texts.parquet"
            pd.DataFrame({"text": texts}).to_parquet(part)
            part.replace(listed)

    def write(self, name: str, *, epoch: int, embeddings: np.ndarray) -> None:
        """Write one moment's embeddings, (texts, dimension), L2-normalised on the way."""
        rows = np.asarray(embeddings, dtype=np.float32)
        self._put(name, epoch, rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))

    def repeat(self, known: str, name: str, *, epoch: int) -> bool:
        """Write a moment that has the embeddings of one that was written; return False where that one cannot be read."""
        if known not in {moment["name"] for moment in self.moments()}:
            return False
        try:
            rows = np.load(self.folder / f"{known}.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return False
        self._put(name, epoch, rows)
        return True

    def _put(self, name: str, epoch: int, rows: np.ndarray) -> None:
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
