"""General similarity outside the training data, on the bundled probe of graded everyday pairs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.model_inputs import PLAIN_READING, Reading
from lib.evaluation.agreement import average_ranks, spearman_correlation
from lib.evaluation.bootstrap_aggregate import compare_aggregate
from lib.evaluation.difference import Difference
from lib.evaluation.side_effects.result import ProbeResult
from lib.vectors import check_finite, normalize_rows

PROBE_FILE = Path(__file__).with_name("probe.csv")

PROBE_NEIGHBOURS = 10
"""Nearest neighbours of a probe text that are compared between the models."""

BUNDLED_AGREEMENT = 0.919
"""Spearman of the bundled all-MiniLM-L6-v2's cosines with the probe's grades, as a test measures it."""


@cache
def load_probe() -> pd.DataFrame:
    """Read the probe: group (pairs of one first sentence), subject, first, second, grade from 0 to 5."""
    return pd.read_csv(PROBE_FILE)


def probe_texts() -> list[str]:
    """List the distinct texts of the probe."""
    pairs = load_probe()
    return pd.unique(pd.concat([pairs["first"], pairs["second"]])).tolist()


def probe_cosines(rows: np.ndarray) -> np.ndarray:
    """Compute the cosine of each pair of the probe. rows: (len(probe_texts()), d)."""
    row_of_text = {text: row for row, text in enumerate(probe_texts())}
    rows, pairs = normalize_rows(rows), load_probe()
    left, right = pairs["first"].map(row_of_text).to_numpy(), pairs["second"].map(row_of_text).to_numpy()
    return np.einsum("ij,ij->i", rows[left], rows[right])


def measure_forgetting(embed: Callable[[str, list[str]], np.ndarray], reading: Reading = PLAIN_READING) -> ProbeResult:
    """Measure general similarity before and after. embed: (base or tuned, texts as read) -> (n, d)."""
    texts = reading.read_alone(probe_texts())
    base, tuned = (check_finite(embed(name, texts), name=name) for name in ("base", "tuned"))
    return ProbeResult(compare_on_probe(base, tuned), len(load_probe()), neighbour_overlap(base, tuned))


def compare_on_probe(base: np.ndarray, tuned: np.ndarray) -> Difference:
    """Compare two models' Spearman correlation with the probe's grades.

    base, tuned: (len(probe_texts()), d).
    """
    grades = load_probe()["grade"].to_numpy(float)
    return compare_aggregate(
        probe_cosines(base),
        probe_cosines(tuned),
        load_probe()["group"].to_numpy(),
        lambda values, rows: spearman_correlation(values[rows], grades[rows]),
        to_common_scale=average_ranks,
        span=2.0,
    )


def neighbour_overlap(base: np.ndarray, tuned: np.ndarray) -> float:
    """Compute the mean share of each text's ten nearest others that are the same before and after."""
    near = [_nearest_rows(rows) for rows in (base, tuned)]
    return float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(*near, strict=True)]))


def _nearest_rows(rows: np.ndarray) -> np.ndarray:
    rows = normalize_rows(rows)
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    count = min(PROBE_NEIGHBOURS, len(rows) - 1)
    return np.argpartition(-scores, count - 1, axis=1)[:, :count]
