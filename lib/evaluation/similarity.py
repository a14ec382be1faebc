"""Cosines one can read: how pairs and random pairs are spread, and which threshold separates them best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lib.data.shapes import Shape

if TYPE_CHECKING:
    from lib.evaluation.run import Judged

BINS = np.linspace(-0.5, 1.0, 76)


def similarity_of(judged: Judged) -> dict[str, Any]:
    """Return for base and tuned the histograms of pair and random-pair cosine and the best threshold; empty for single texts."""
    if judged.task.shape is Shape.LABELLED_TEXTS:
        return {}
    found: dict[str, Any] = {"bins": BINS.tolist()}
    for name, embeddings in (("base", judged.base), ("tuned", judged.tuned)):
        pairs, random = judged.task.pair_cosines(embeddings), judged.task.random_cosines(embeddings)
        found[name] = {
            "pairs": np.histogram(np.clip(pairs, BINS[0], BINS[-1]), BINS)[0].tolist(),
            "random": np.histogram(np.clip(random, BINS[0], BINS[-1]), BINS)[0].tolist(),
            "pair_mean": float(pairs.mean()),
            "random_mean": float(random.mean()) if len(random) else 0.0,
            "threshold": best_threshold(pairs, random),
        }
    return found


def best_threshold(pairs: np.ndarray, random: np.ndarray) -> dict[str, float]:
    """Return the cosine from which on a pair is likelier right than random (largest F1, both weighing the same)."""
    if len(pairs) == 0 or len(random) == 0:
        return {"cosine": 0.0, "precision": 0.0, "recall": 0.0}
    candidates = np.unique(np.quantile(np.concatenate([pairs, random]), np.linspace(0, 1, 401)))
    recall = 1 - np.searchsorted(np.sort(pairs), candidates) / len(pairs)
    false = 1 - np.searchsorted(np.sort(random), candidates) / len(random)
    precision = recall / np.maximum(recall + false, 1e-12)
    best = int((2 * precision * recall / np.maximum(precision + recall, 1e-12)).argmax())
    return {"cosine": float(candidates[best]), "precision": float(precision[best]), "recall": float(recall[best])}
