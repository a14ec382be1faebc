"""Cosines one can read: how pairs and random pairs are spread, and which threshold separates them best."""

from __future__ import annotations

from typing import Any

import numpy as np

from lib.data.shapes import Shape
from lib.evaluation.judged import NAMES, Judged
from lib.evaluation.task import positives

BINS = np.linspace(-0.5, 1.0, 76)


def similarity_of(judged: Judged) -> dict[str, Any]:
    """Return for base and tuned the histograms of pair and random-pair cosine and the best threshold; empty for single texts.

    Labelled pairs: those of the same meaning are told from those that are not; elsewhere pairs are told from random pairs.
    """
    task = judged.task
    if task.shape is Shape.LABELLED_TEXTS:
        return {}
    found: dict[str, Any] = {"bins": BINS.tolist(), "against": "random pairs"}
    for name in NAMES:
        pairs, random = judged.cosines[name], judged.random[name]
        if task.shape is Shape.LABELLED_PAIRS:
            same = positives(task) == 1
            pairs, random = judged.cosines[name][same], judged.cosines[name][~same]
            found["against"] = "pairs that are not the same"
        found[name] = {
            "pairs": histogram(pairs),
            "random": histogram(random),
            "pair_mean": float(pairs.mean()) if len(pairs) else 0.0,
            "random_mean": float(random.mean()) if len(random) else 0.0,
            "threshold": best_threshold(pairs, random),
        }
    return found


def histogram(cosines: np.ndarray) -> list[int]:
    """Return how many cosines fall into each bin."""
    return np.histogram(np.clip(cosines, BINS[0], BINS[-1]), BINS)[0].tolist()


def best_threshold(pairs: np.ndarray, random: np.ndarray) -> dict[str, float]:
    """Return the cosine from which on a pair is likelier right than random (largest F1, both weighing the same).

    Precision is what holds when right and random pairs are equally frequent; where right ones are rarer it is lower.
    """
    if len(pairs) == 0 or len(random) == 0:
        return {"cosine": 0.0, "precision": 0.0, "recall": 0.0}
    candidates = np.unique(np.quantile(np.concatenate([pairs, random]), np.linspace(0, 1, 401)))
    recall = 1 - np.searchsorted(np.sort(pairs), candidates) / len(pairs)
    false = 1 - np.searchsorted(np.sort(random), candidates) / len(random)
    precision = recall / np.maximum(recall + false, 1e-12)
    best = int((2 * precision * recall / np.maximum(precision + recall, 1e-12)).argmax())
    return {"cosine": float(candidates[best]), "precision": float(precision[best]), "recall": float(recall[best])}
