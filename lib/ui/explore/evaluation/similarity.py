"""Similarity and threshold: how cosines are distributed, and which threshold to use."""

from __future__ import annotations

from math import isfinite

import pandas as pd
import streamlit as st

from lib.charts.evaluation import cosine_histograms
from lib.evaluation.result import Evaluation, Similarity
from lib.format import format_cosine, format_metric, format_share
from lib.ui.explore import keys
from lib.ui.explore.evaluation.data import show_numbers
from lib.ui.shared.theme import theme_palette

_SELECTED_ON = {
    "validation": "Selected on validation pairs, measured on held-out pairs.",
    "halves": "Without validation pairs, precision and recall are those of a threshold selected on one half of these pairs and "
    "measured on the other, both ways.",
}
_BALANCE_NOTE = "Precision assumes as many pairs as random pairs; where pairs are rarer, more of what lies above the threshold is wrong."
_RANGE_NOTE = "Each model has its own range of cosines: compare them within a model only."


def show_similarity(evaluation: Evaluation) -> None:
    """Draw the threshold with its precision and recall, and the cosines of pairs and of random pairs."""
    similarity = evaluation.similarity
    if similarity is None:
        st.caption("This dataset has single texts, so there are no cosines of pairs.")
        return
    st.markdown(_recommend_threshold(similarity))
    show_numbers(_model_table(similarity))
    threshold = similarity.tuned.threshold
    notes = [_SELECTED_ON.get(threshold.chosen_on, "")] if threshold else []
    notes += [_BALANCE_NOTE] if similarity.against == "random pairs" else []
    st.caption(" ".join([*notes, _RANGE_NOTE]))
    _show_distributions(similarity)


def _show_distributions(similarity: Similarity) -> None:
    """Draw the cosines of pairs and of random pairs once they are asked for.

    A second figure would be drawn before the map is.
    """
    box = st.expander(
        "Distributions of the cosines", icon=":material/area_chart:", key=keys.DISTRIBUTIONS, on_change="rerun"
    )
    if box.open:
        box.plotly_chart(
            cosine_histograms(similarity, theme_palette()),
            key="similarity-figure",
            alt="Distributions of the cosines of pairs and of random pairs, base and tuned.",
        )


def _recommend_threshold(similarity: Similarity) -> str:
    """Write which threshold to use with the tuned model, and its precision and recall."""
    threshold = similarity.tuned.threshold
    if threshold is None:
        return "**No threshold recommended:** there are too few pairs to select one."
    precision, recall = (_format_share(value) for value in (threshold.precision, threshold.recall))
    return (
        f"**Recommended threshold, tuned model: {format_cosine(threshold.cosine)}.** It separates pairs from {similarity.against} best, "
        f"with precision {precision} and recall {recall}."
    )


def _format_share(value: float) -> str:
    return format_share(value) if isfinite(value) else "unknown"


def _model_table(similarity: Similarity) -> pd.DataFrame:
    """Build the table of the numbers behind the figure, a row for each model."""
    rows = []
    for model, cosines in similarity.by_model.items():
        threshold = cosines.threshold
        rows.append(
            {
                "model": model,
                "mean cosine of pairs": cosines.pair_mean,
                f"mean cosine of {similarity.against}": cosines.other_mean,
                "threshold": threshold.cosine if threshold else None,
                "precision": threshold.precision if threshold else None,
                "recall": threshold.recall if threshold else None,
                "F1": threshold.f1 if threshold else None,
            }
        )
    return pd.DataFrame(rows).round(3)


def show_threshold_card(evaluation: Evaluation, *, width: int) -> None:
    """Draw the recommended threshold as a card, with the F1 that it reaches."""
    similarity = evaluation.similarity
    if similarity is None:
        return
    base, tuned = similarity.base.threshold, similarity.tuned.threshold
    if base is None or tuned is None or not (isfinite(base.f1) and isfinite(tuned.f1)):
        return
    st.metric(
        "Threshold",
        f"{format_cosine(base.cosine)} → {format_cosine(tuned.cosine)}",
        delta=f"F1 {format_metric('best_f1', base.f1)} → {format_metric('best_f1', tuned.f1)}",
        delta_color="off",
        delta_arrow="off",
        help="Cosine from which two texts count as the same. F1 is what this threshold reaches on these pairs; best F1 is the "
        f"maximum over all thresholds on the same pairs. {_SELECTED_ON.get(tuned.chosen_on, '')}".strip(),
        border=True,
        width=width,
    )
