"""The table of how training data can be organised."""

from __future__ import annotations

import pandas as pd
import streamlit as st

ROWS = (
    (
        "Positive pairs",
        "source, target",
        "How do I reset my password? | Open Settings, then Security",
        "Multiple negatives ranking (also cached, symmetric), GIST",
    ),
    (
        "Pairs with a score",
        "source, target, score",
        "A man plays guitar | Someone makes music | 3.8 of 5",
        "CoSENT, AnglE, cosine similarity",
    ),
    (
        "Pairs with a class",
        "source, target, class",
        "Where is my parcel? | Has my order shipped? | 1 (same)",
        "Contrastive, online contrastive; the pairs of class 1: multiple negatives ranking",
    ),
    (
        "Triplets",
        "source, target, negative(s)",
        "list open ports | ss -l | ss -s",
        "Multiple negatives ranking with hard negatives, triplet",
    ),
    (
        "Texts with a class",
        "text, class",
        "I lost my card | lost_card",
        "Batch-hard triplet and its variants",
    ),
)


def show_shapes() -> None:
    """Show the five shapes with what each needs, an example and the losses that fit."""
    table = pd.DataFrame(ROWS, columns=["Shape", "Columns", "Example", "Losses that fit"])
    st.dataframe(
        table,
        hide_index=True,
        alt="The five ways to organise training data: columns, an example, and the losses that fit",
    )
