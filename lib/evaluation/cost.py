"""What the gain cost: collapse of the space, and general skill that was forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lib.evaluation.retrieval import unit

if TYPE_CHECKING:
    from lib.evaluation.run import Judged

PROBE = Path(__file__).with_name("probe.csv")
SAMPLE = 2_000


def cost_of(judged: Judged, embed: Callable[[str, list[str]], np.ndarray], run_folder: Path | None) -> dict[str, Any]:
    """Return shape of the space for base and tuned, by moment where snapshots are there, and the general probe's result."""
    found: dict[str, Any] = {
        name: space(rows, judged.task.left, judged.task.right)
        for name, rows in (("base", judged.base), ("tuned", judged.tuned))
        if len(judged.task.left) == len(judged.task.right)
    }
    if run_folder is not None:
        found["moments"] = by_moment(run_folder / "snapshots")
    if PROBE.exists():
        found["probe"] = {name: probe(partial(embed, name)) for name in ("base", "tuned")}
    return found


def space(rows: np.ndarray, left: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Return effective rank, mean random cosine, alignment and uniformity (Wang & Isola 2020) of the embeddings."""
    rows = unit(rows)
    sample = rows[np.random.default_rng(0).permutation(len(rows))[:SAMPLE]]
    numbers = whole(sample)
    numbers["alignment"] = float((((rows[left] - rows[right]) ** 2).sum(axis=1)).mean())
    return numbers


def whole(sample: np.ndarray) -> dict[str, float]:
    """Return the numbers that need no pairs: effective rank (Roy & Vetterli 2007), random cosine, uniformity."""
    spectrum = np.linalg.svd(sample - sample.mean(axis=0), compute_uv=False)
    share = spectrum / max(float(spectrum.sum()), 1e-12)
    entropy = -(share * np.log(np.maximum(share, 1e-12))).sum()
    cosines = sample @ sample.T
    apart = cosines[np.triu_indices(len(sample), k=1)]
    return {
        "effective_rank": float(np.exp(entropy)),
        "random_cosine": float(apart.mean()) if len(apart) else 0.0,
        "uniformity": float(np.log(np.exp(-2 * (2 - 2 * apart)).mean())) if len(apart) else 0.0,
    }


def by_moment(folder: Path) -> list[dict[str, Any]]:
    """Return the shape of the space at each stored snapshot of a run."""
    index = folder / "index.json"
    if not index.exists():
        return []
    moments = json.loads(index.read_text(encoding="utf-8"))["moments"]
    found = []
    for moment in moments:
        rows = np.load(folder / moment["file"], mmap_mode="r")
        chosen = np.sort(np.random.default_rng(0).permutation(len(rows))[:SAMPLE])
        found.append({"name": moment["name"], "epoch": moment["epoch"], **whole(np.asarray(rows[chosen]))})
    return found


def probe(embed: Callable[[list[str]], np.ndarray]) -> float:
    """Return the rank correlation of cosines with the grades of the general-purpose probe that ships with the project."""
    from scipy.stats import spearmanr

    pairs = pd.read_csv(PROBE)
    texts = pd.unique(pd.concat([pairs["first"], pairs["second"]])).tolist()
    rows = unit(embed(texts))
    place = {text: row for row, text in enumerate(texts)}
    left, right = pairs["first"].map(place).to_numpy(), pairs["second"].map(place).to_numpy()
    return float(spearmanr(np.einsum("ij,ij->i", rows[left], rows[right]), pairs["grade"])[0])
