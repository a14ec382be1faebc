"""A run with a map of all texts, whose vectors were planted: nothing is embedded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from lib.projection import run as projection
from lib.store.map_paths import MapKind
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace


def plant_vectors(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Let both models embed the texts of a run's snapshots as these have them."""
    stored = read_snapshots(run.paths.snapshots.folder)
    rows = {text: row for row, text in enumerate(stored.texts())}

    def embed(model: str, texts: Sequence[str]) -> np.ndarray:
        vectors = stored.vectors("base" if model == "base" else "best")
        return np.stack([vectors[rows[text]] for text in texts])

    monkeypatch.setattr(projection, "cached_embedder", lambda *_, **__: (embed, {}))


def draw_all_texts(monkeypatch: pytest.MonkeyPatch, run: Run, home: Path) -> None:
    """Draw the map of all texts of a planted run."""
    plant_vectors(monkeypatch, run)
    projection.draw_map(run, open_workspace(home).datasets.get(run.dataset), home=home, kind=MapKind.ALL)
