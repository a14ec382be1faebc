"""General skill, measured away from the training data: a probe of graded everyday pairs that ships with the project."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.evaluation.agreement import average_ranks, spearman_correlation
from lib.evaluation.bootstrap import Difference
from lib.evaluation.bootstrap_aggregate import compare_aggregate
from lib.evaluation.compare import as_dict
from lib.models.vectors import check_finite, normalize_rows

PROBE_FILE = Path(__file__).with_name("probe.csv")
PROBE_NEIGHBOURS = 10

BUNDLED_AGREEMENT = 0.919
"""Spearman of the bundled all-MiniLM-L6-v2's cosines with the probe's grades, as a test measures it."""


@cache
def load_probe() -> pd.DataFrame:
    """Return the probe: group (pairs of one first sentence), subject, first, second, grade from 0 (unrelated) to 5 (the same meaning)."""
    return pd.read_csv(PROBE_FILE)


def probe_texts() -> list[str]:
    """Return the distinct texts of the probe."""
    pairs = load_probe()
    return pd.unique(pd.concat([pairs["first"], pairs["second"]])).tolist()


def probe_cosines(rows: np.ndarray) -> np.ndarray:
    """Return the cosine of each pair of the probe. rows: (len(probe_texts()), d)."""
    place = {text: row for row, text in enumerate(probe_texts())}
    rows, pairs = normalize_rows(rows), load_probe()
    left, right = pairs["first"].map(place).to_numpy(), pairs["second"].map(place).to_numpy()
    return np.einsum("ij,ij->i", rows[left], rows[right])


def probe_agreement(rows: np.ndarray) -> float:
    """Return Spearman's correlation of the cosines with the grades. rows: (len(probe_texts()), d)."""
    return spearman_correlation(probe_cosines(rows), load_probe()["grade"].to_numpy(float))


def measure_forgetting(embed: Callable[[str, list[str]], np.ndarray]) -> dict[str, Any]:
    """Return the agreement with the probe's grades before and after with its interval, and how many neighbours are kept."""
    base, tuned = (check_finite(embed(name, probe_texts()), name=name) for name in ("base", "tuned"))
    found = compare_on_probe(base, tuned)
    return {
        "probe": as_dict(found),
        "probe_pairs": len(load_probe()),
        "neighbours_kept": neighbour_overlap(base, tuned),
    }


def compare_on_probe(base: np.ndarray, tuned: np.ndarray) -> Difference:
    """Compare two models' agreement with the probe's grades. base, tuned: (len(probe_texts()), d)."""
    grades = load_probe()["grade"].to_numpy(float)
    return compare_aggregate(
        probe_cosines(base),
        probe_cosines(tuned),
        load_probe()["group"].to_numpy(),
        lambda values, rows: spearman_correlation(values[rows], grades[rows]),
        on_one_scale=average_ranks,
        span=2.0,
    )


def neighbour_overlap(base: np.ndarray, tuned: np.ndarray) -> float:
    """Return the mean share of each text's ten nearest others that are the same before and after."""
    near = [probe_neighbours(rows) for rows in (base, tuned)]
    return float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(*near, strict=True)]))


def probe_neighbours(rows: np.ndarray) -> np.ndarray:
    """Return by row the ids of its nearest other rows."""
    rows = normalize_rows(rows)
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    count = min(PROBE_NEIGHBOURS, len(rows) - 1)
    return np.argpartition(-scores, count - 1, axis=1)[:, :count]
