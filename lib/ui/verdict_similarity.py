"""Cosines one can read: how they are spread, and which threshold to use."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.charts.evaluation import distributions
from lib.evaluation.store import Evaluation
from lib.ui.theme import colours


def show(found: Evaluation) -> None:
    """Draw the distributions of pair and random-pair cosine, and the threshold with its precision and recall."""
    if not found.similarity:
        st.caption("This dataset has single texts: there are no pairs whose cosine could be read.")
        return
    st.plotly_chart(
        distributions(found.similarity, colours()),
        key="similarity-figure",
        alt="How the cosines of pairs and of random pairs are spread, base and tuned.",
    )
    tuned = found.similarity["tuned"]["threshold"]
    st.markdown(
        f"**What threshold should I use?** With the tuned model, **{tuned['cosine']:.2f}** separates pairs from "
        f"{found.similarity['against']} best: of what lies above it, {tuned['precision']:.0%} are pairs, and it finds "
        f"{tuned['recall']:.0%} of them."
    )
    st.dataframe(table(found), hide_index=True)
    st.caption(
        "Precision holds where right and wrong pairs are equally frequent; where right ones are rarer, more of what lies "
        "above the threshold is wrong. Each model has its own background: compare cosines within a model, not across."
    )


def table(found: Evaluation) -> pd.DataFrame:
    """Return the numbers behind the figure, a row for each model."""
    rows = []
    for name in ("base", "tuned"):
        numbers, threshold = found.similarity[name], found.similarity[name]["threshold"]
        rows.append(
            {
                "model": name,
                "mean cosine of pairs": round(numbers["pair_mean"], 3),
                f"mean of {found.similarity['against']}": round(numbers["random_mean"], 3),
                "threshold": round(threshold["cosine"], 3),
                "precision": round(threshold["precision"], 3),
                "recall": round(threshold["recall"], 3),
            }
        )
    return pd.DataFrame(rows)
