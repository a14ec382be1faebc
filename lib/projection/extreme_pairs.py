"""The held-out pairs that changed most, wherever a large dataset's map does not hold them yet: found after judging, added to the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.shapes import TEXT_COLUMNS, Shape
from lib.evaluation.run import cached_embedder
from lib.evaluation.store import load_pairs
from lib.progress import Progress
from lib.projection.methods import NUM_EXTREMES
from lib.projection.points import unit_snapshot


@dataclass(frozen=True)
class AddedTexts:
    """Texts that training did not follow, with their unit vectors (n, d) of the base and the tuned model."""

    texts: list[str]
    base: np.ndarray
    tuned: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)


NO_ADDED_TEXTS = AddedTexts([], np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))


def missing_extreme_texts(run: Any, shape: str, known: list[str], *, home: Path, progress: Progress) -> AddedTexts:
    """Return the texts of the strongest changes among the judged pairs that are not known; their vectors come from the cache.

    Nothing is added to a run that was not judged, or whose map holds every held-out text.
    """
    columns = list(TEXT_COLUMNS[Shape(shape)][:2])
    if len(columns) < 2 or not (run.paths.evaluation.summary).exists():
        return NO_ADDED_TEXTS
    judged = load_pairs(run)
    if judged.empty or not set(columns) <= set(judged):
        return NO_ADDED_TEXTS
    there = set(known)
    wanted = strongest_changes(judged)[columns].to_numpy(dtype=object).ravel()
    texts = [text for text in dict.fromkeys(wanted.tolist()) if text not in there]
    if not texts:
        return NO_ADDED_TEXTS
    progress.stage("Drawing the map", "adding the strongest changes")
    embed, _ = cached_embedder(run, home=home)  # silent: this is not the judging, and nearly all comes from the cache
    return AddedTexts(texts, *(unit_snapshot(embed(name, texts), where=name) for name in ("base", "tuned")))


def strongest_changes(judged: pd.DataFrame, *, most: int = NUM_EXTREMES) -> pd.DataFrame:
    """Return the rows at both ends of the change in margin, or in cosine where there is no margin."""
    name = "margin" if "tuned_margin" in judged else "cosine"
    change = (judged[f"tuned_{name}"] - judged[f"base_{name}"]).fillna(0).to_numpy()
    order = np.argsort(change, kind="stable")
    return judged.iloc[np.unique(np.concatenate([order[:most], order[-most:]]))]


def append_texts(vectors: Mapping[str, np.ndarray], added: AddedTexts) -> dict[str, np.ndarray]:
    """Return every moment's vectors (n, d) with the added texts at the end.

    The first and the last moment are true. Between them nobody followed these texts: they go straight from one to the
    other, at each moment as far as all the others have come on average.
    """
    if not len(added):
        return dict(vectors)
    names = list(vectors)
    first, last = vectors[names[0]], vectors[names[-1]]
    way = last - first
    found = {}
    for name in names:
        share = 1.0 if name == names[-1] else fraction_moved(vectors[name] - first, way)
        between = unit_snapshot(added.base + np.float32(share) * (added.tuned - added.base), where=name)
        found[name] = np.concatenate([vectors[name], added.base if name == names[0] else between])
    return found


def fraction_moved(moved: np.ndarray, way: np.ndarray) -> float:
    """Return how much of its way (n, d) a movement (n, d) has made, from 0 to 1."""
    length = float((way * way).sum())
    return float(np.clip((moved * way).sum() / length, 0, 1)) if length > 0 else 0.0
