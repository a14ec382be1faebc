"""Add the held-out pairs that changed most to the map of a large dataset that lacks their texts.

They are known only after the evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.model_inputs import ModelInputs
from lib.evaluation.run import cached_embedder
from lib.evaluation.store import load_pairs
from lib.progress import Progress
from lib.projection.methods import NUM_EXTREMES
from lib.projection.points import unit_snapshot
from lib.shapes import TEXT_COLUMNS
from lib.store.runs import Run


@dataclass(frozen=True)
class AddedTexts:
    """Texts that training did not follow, with their unit vectors (n, d) of the base and the tuned model."""

    texts: list[str]
    base: np.ndarray
    tuned: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)


NO_ADDED_TEXTS = AddedTexts([], np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))


def missing_extreme_texts(
    run: Run, inputs: ModelInputs, followed: list[str], *, home: Path, progress: Progress
) -> AddedTexts:
    """Find texts of the strongest changes among evaluated pairs that are not on the map yet.

    Their vectors come from the cache.

    Nothing is added to a run that was not evaluated, or whose map holds every held-out text.
    """
    columns = list(TEXT_COLUMNS[inputs.shape][:2])
    if len(columns) < 2 or not run.paths.evaluation.summary.exists():
        return NO_ADDED_TEXTS
    pairs = load_pairs(run)
    if pairs.empty or not set(columns) <= set(pairs):
        return NO_ADDED_TEXTS
    is_known = set(followed).__contains__
    candidates = strongest_changes(pairs)[columns].to_numpy(dtype=object).ravel()
    texts = [text for text in dict.fromkeys(candidates.tolist()) if not is_known(text)]
    if not texts:
        return NO_ADDED_TEXTS
    progress.stage("Drawing the map", "adding the strongest changes")
    # without progress: this is no evaluation, and nearly all comes from the cache
    embed, _ = cached_embedder(run, inputs.reading, home=home)
    read = inputs.read_by_use(texts)
    return AddedTexts(texts, *(unit_snapshot(embed(name, read), where=name) for name in ("base", "tuned")))


def strongest_changes(pairs: pd.DataFrame, *, most: int = NUM_EXTREMES) -> pd.DataFrame:
    """Select the rows at both ends of the change in margin, or in cosine where there is no margin."""
    name = "margin" if "tuned_margin" in pairs else "cosine"
    change = (pairs[f"tuned_{name}"] - pairs[f"base_{name}"]).fillna(0).to_numpy()
    order = np.argsort(change, kind="stable")
    return pairs.iloc[np.unique(np.concatenate([order[:most], order[-most:]]))]


def append_texts(vectors: Mapping[str, np.ndarray], added: AddedTexts) -> dict[str, np.ndarray]:
    """Append the added texts to the vectors (n, d) of each snapshot.

    The first and the last snapshot are true. Those between are estimates, since nobody followed these texts: they go straight from
    one to the other, at each snapshot as far as all the others have come on average.
    """
    if not len(added):
        return dict(vectors)
    names = list(vectors)
    first, last = vectors[names[0]], vectors[names[-1]]
    whole = last - first
    extended = {}
    for name in names:
        fraction = 1.0 if name == names[-1] else fraction_moved(vectors[name] - first, whole)
        between = unit_snapshot(added.base + np.float32(fraction) * (added.tuned - added.base), where=name)
        extended[name] = np.concatenate([vectors[name], added.base if name == names[0] else between])
    return extended


def fraction_moved(movement: np.ndarray, whole: np.ndarray) -> float:
    """Compute the share of the whole movement (n, d) that a movement (n, d) has made, from 0 to 1.

    The least-squares factor f of movement = f * whole: <movement, whole> / <whole, whole>.
    """
    length = float((whole * whole).sum())
    return float(np.clip((movement * whole).sum() / length, 0, 1)) if length > 0 else 0.0
