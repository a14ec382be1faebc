"""Cosines one can read: how they are spread, and which threshold to use."""

from __future__ import annotations

from math import isfinite
from typing import Any

import pandas as pd
import streamlit as st

from lib.charts.evaluation import cosine_histograms
from lib.evaluation.store import Evaluation
from lib.ui.shared.theme import colours

_NO_THRESHOLD = "No threshold can be given: there are too few pairs to tell apart."
_CHOSEN_ON = {
    "validation": "Chosen on validation pairs, measured on the held-out ones.",
    "halves": "There are no validation pairs to choose it on. Precision and recall are those of thresholds chosen on one half of "
    "these pairs and measured on the other, both ways.",
}
_PRECISION_NOTE = (
    "Precision holds where right and random pairs are equally frequent; where right ones are rarer, more of what lies above "
    "the threshold is wrong."
)
_COSINE_NOTE = "Each model has its own background: compare cosines within a model, not across."


def show_similarity(found: Evaluation) -> None:
    """Draw the distributions of right and wrong pairs' cosines, and the threshold with its precision and recall."""
    if not found.similarity:
        st.caption("This dataset has single texts: there are no pairs whose cosine could be read.")
        return
    st.plotly_chart(
        cosine_histograms(found.similarity, colours()),
        key="similarity-figure",
        alt="How the cosines of pairs and of random pairs are spread, base and tuned.",
    )
    st.markdown(recommend_threshold(found.similarity))
    st.dataframe(_model_table(found), hide_index=True)
    threshold = found.similarity["tuned"]["threshold"]
    told = [_CHOSEN_ON.get(threshold["chosen_on"], "")] if threshold else []
    drawn = [_PRECISION_NOTE] if found.similarity["against"] == "random pairs" else []
    st.caption(" ".join([*told, *drawn, _COSINE_NOTE]))


def recommend_threshold(similarity: dict[str, Any]) -> str:
    """Return which threshold to use with the tuned model, and what it reaches."""
    threshold = similarity["tuned"]["threshold"]
    if threshold is None:
        return f"**What threshold should I use?** {_NO_THRESHOLD}"
    precision, recall = (_format_share(threshold[name]) for name in ("precision", "recall"))
    told = "pairs" if similarity["against"] == "random pairs" else "right"
    return (
        f"**What threshold should I use?** With the tuned model, **{threshold['cosine']:.2f}** separates pairs from "
        f"{similarity['against']} best: of what lies above it, {precision} are {told}, and it finds {recall} of them."
    )


def _format_share(value: float | None) -> str:
    """Return a share in whole percent, or that it is not known."""
    return f"{value:.0%}" if _is_known(value) else "an unknown share"


def _is_known(value: float | None) -> bool:
    """Say whether there is a number."""
    return value is not None and isfinite(value)


def _model_table(found: Evaluation) -> pd.DataFrame:
    """Return the numbers behind the figure, a row for each model."""
    rows = []
    for name in ("base", "tuned"):
        numbers = found.similarity[name]
        threshold = numbers["threshold"] or {}
        rows.append(
            {
                "model": name,
                "mean cosine of pairs": numbers["pair_mean"],
                f"mean of {found.similarity['against']}": numbers["random_mean"],
                "threshold": threshold.get("cosine"),
                "precision": threshold.get("precision"),
                "recall": threshold.get("recall"),
                "F1": threshold.get("f1"),
            }
        )
    return pd.DataFrame(rows).round(3)


def show_threshold_card(found: Evaluation, *, width: int) -> None:
    """Draw the threshold that the similarity section recommends as a card, with the F1 that it reaches."""
    base, tuned = (found.similarity.get(name, {}).get("threshold") for name in ("base", "tuned"))
    if not base or not tuned or not (_is_known(base.get("f1")) and _is_known(tuned.get("f1"))):
        return
    st.metric(
        "Threshold",
        f"{base['cosine']:.2f} → {tuned['cosine']:.2f}",
        delta=f"F1 {base['f1']:.3f} → {tuned['f1']:.3f}",
        delta_color="off",
        delta_arrow="off",
        help="From this cosine on, call two texts the same. F1 is what it reaches on these pairs; best F1 beside it is what "
        "the best threshold for these very pairs would. " + _CHOSEN_ON.get(tuned["chosen_on"], ""),
        border=True,
        width=width,
    )
