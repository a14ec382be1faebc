"""Similarity and threshold: how cosines are distributed, and which threshold to use."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.evaluation import cosine_histograms
from lib.evaluation.store import Evaluation
from lib.format import format_share
from lib.ui.shared.theme import theme_palette

_SELECTED_ON = {
    "validation": "Selected on validation pairs, measured on held-out pairs.",
    "halves": "Without validation pairs, precision and recall are those of a threshold selected on one half of these pairs and "
    "measured on the other, both ways.",
}
_BALANCE_NOTE = "Precision assumes as many pairs as random pairs; where pairs are rarer, more of what lies above the threshold is wrong."
_RANGE_NOTE = "Each model has its own range of cosines: compare them within a model only."


def show_similarity(evaluation: Evaluation) -> None:
    """Draw the distributions of the cosines of pairs and of random pairs, and the threshold with its precision and recall."""
    similarity = evaluation.similarity
    if not similarity:
        st.caption("This dataset has single texts, so there are no cosines of pairs.")
        return
    st.plotly_chart(
        cosine_histograms(similarity, theme_palette()),
        key="similarity-figure",
        alt="Distributions of the cosines of pairs and of random pairs, base and tuned.",
    )
    st.markdown(_recommend_threshold(similarity))
    st.dataframe(_model_table(similarity), hide_index=True)
    threshold = similarity["tuned"]["threshold"]
    notes = [_SELECTED_ON.get(threshold["chosen_on"], "")] if threshold else []
    notes += [_BALANCE_NOTE] if similarity["against"] == "random pairs" else []
    st.caption(" ".join([*notes, _RANGE_NOTE]))


def _recommend_threshold(similarity: dict[str, Any]) -> str:
    """Write which threshold to use with the tuned model, and its precision and recall."""
    threshold = similarity["tuned"]["threshold"]
    if threshold is None:
        return "**No threshold recommended:** there are too few pairs to select one."
    precision, recall = (_format_share(threshold[name]) for name in ("precision", "recall"))
    return (
        f"**Recommended threshold, tuned model: {threshold['cosine']:.2f}.** It separates pairs from {similarity['against']} best, "
        f"with precision {precision} and recall {recall}."
    )


def _format_share(value: float | None) -> str:
    return format_share(value) if value is not None and isfinite(value) else "unknown"


def _model_table(similarity: dict[str, Any]) -> pd.DataFrame:
    """Build the table of the numbers behind the figure, a row for each model."""
    rows = []
    for model in ("base", "tuned"):
        numbers = similarity[model]
        threshold = numbers["threshold"] or {}
        rows.append(
            {
                "model": model,
                "mean cosine of pairs": numbers["pair_mean"],
                f"mean cosine of {similarity['against']}": numbers["random_mean"],
                "threshold": threshold.get("cosine"),
                "precision": threshold.get("precision"),
                "recall": threshold.get("recall"),
                "F1": threshold.get("f1"),
            }
        )
    return pd.DataFrame(rows).round(3)


def show_threshold_card(evaluation: Evaluation, *, width: int) -> None:
    """Draw the recommended threshold as a card, with the F1 that it reaches."""
    base, tuned = (evaluation.similarity.get(model, {}).get("threshold") for model in ("base", "tuned"))
    if not base or not tuned or not all(one.get("f1") is not None and isfinite(one["f1"]) for one in (base, tuned)):
        return
    st.metric(
        "Threshold",
        f"{base['cosine']:.2f} → {tuned['cosine']:.2f}",
        delta=f"F1 {base['f1']:.3f} → {tuned['f1']:.3f}",
        delta_color="off",
        delta_arrow="off",
        help="Cosine from which two texts count as the same. F1 is what this threshold reaches on these pairs; best F1 is the "
        f"maximum over all thresholds on the same pairs. {_SELECTED_ON.get(tuned['chosen_on'], '')}".strip(),
        border=True,
        width=width,
    )
