"""The per-pair results by what changed: got worse, most improved, still wrong."""

from __future__ import annotations

import pandas as pd


def list_regressions(pairs: pd.DataFrame) -> pd.DataFrame:
    """Select the pairs that got worse, the worst first."""
    return _sort_by_gain(pairs[pairs["change"] == "worse"], ascending=True)


def list_improvements(pairs: pd.DataFrame) -> pd.DataFrame:
    """Select the pairs that got better, the most improved first."""
    return _sort_by_gain(pairs[pairs["change"] == "better"], ascending=False)


def _sort_by_gain(pairs: pd.DataFrame, *, ascending: bool) -> pd.DataFrame:
    """Sort by gain, and where that is equal by the change in margin or cosine."""
    ranked_pairs = pairs.assign(_change=_number_change(pairs))
    return ranked_pairs.sort_values(["gain", "_change"], ascending=ascending, kind="stable").drop(columns="_change")


def _number_change(pairs: pd.DataFrame) -> pd.Series:
    """Compute by how much each pair's margin (or cosine, or share of same-class neighbours) changed."""
    for name in ("margin", "cosine", "neighbours"):
        if f"base_{name}" in pairs:
            return pairs[f"tuned_{name}"] - pairs[f"base_{name}"]
    return pairs["gain"]


def list_errors(pairs: pd.DataFrame) -> pd.DataFrame:
    """Select the pairs that the tuned model gets wrong, the largest error first."""
    ranked = pairs["tuned_rank"] > 1 if "tuned_rank" in pairs else pd.Series(data=False, index=pairs.index)
    errors = pairs[pairs.get("wrong", ranked)]  # older evaluations store no errors: ranks tell them
    if "tuned_rank" in pairs:
        return errors.sort_values(["tuned_rank", "tuned_margin"], ascending=[False, True])
    if "tuned_neighbours" in pairs:
        return errors.sort_values("tuned_neighbours")
    return errors.sort_values("off", ascending=False, kind="stable") if "off" in pairs else errors
