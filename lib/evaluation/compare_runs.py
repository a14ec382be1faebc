"""Compare two tuned models on the same held-out pairs: the difference, its interval and test."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lib.evaluation.bootstrap import compare_means
from lib.evaluation.difference import Difference

TOP_1_ACCURACY, RECIPROCAL = "accuracy@1", "mrr@10"
"""Metrics that two runs are compared by, as far as the stored ranks carry them."""

RANK_LIMIT = 10
"""Ranks beyond this count as 0 in the reciprocal rank."""


def compare_tuned_models(one: pd.DataFrame, other: pd.DataFrame, components: pd.Series) -> dict[str, Difference]:
    """Compare two runs' tuned models pair by pair; empty where they have no ranks or no pair in common.

    one, other: stored per-pair results (pair, tuned_rank: the rank of the pair's own target among wrong ones). components: by
    pair its component. In the result `base` is the first run, `tuned` the second.
    """
    if "tuned_rank" not in one or "tuned_rank" not in other:
        return {}
    both = one[["pair", "tuned_rank"]].merge(other[["pair", "tuned_rank"]], on="pair", suffixes=("_one", "_other"))
    both = both.dropna()
    if both.empty:
        return {}
    groups = components.reindex(both["pair"]).to_numpy()
    ranks = {name: both[f"tuned_rank_{name}"].to_numpy(np.float64) for name in ("one", "other")}
    first, second = (
        {TOP_1_ACCURACY: (r <= 1) * 1.0, RECIPROCAL: np.where(r <= RANK_LIMIT, 1 / r, 0.0)} for r in ranks.values()
    )
    return compare_means(first, second, groups, span=1.0)
