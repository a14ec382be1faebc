"""The table of dataset shapes: what each needs, an example, and the losses that fit."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.recipe.losses import losses_for
from lib.shapes import Shape
from lib.ui.shared.components import SHAPE_TITLES

_EXAMPLES = {
    Shape.PAIRS: ("source, target", "How do I reset my password? | Open Settings, then Security"),
    Shape.SCORED: ("source, target, score", "A man plays guitar | Someone makes music | 3.8 of 5"),
    Shape.LABELLED_PAIRS: ("source, target, class", "Where is my parcel? | Has my order shipped? | 1 (same)"),
    Shape.TRIPLETS: ("source, target, negative(s)", "list open ports | ss -l | ss -s"),
    Shape.LABELLED_TEXTS: ("text, class", "I lost my card | lost_card"),
}
"""Columns and one row of each shape."""


def show_shapes() -> None:
    """Show the five shapes with their columns, an example, and the losses that fit."""
    st.dataframe(
        shapes_table(),
        hide_index=True,
        alt="The five dataset shapes: columns, an example, and the losses that fit",
    )


def shapes_table() -> pd.DataFrame:
    """List the five shapes, one row each."""
    rows = [
        {
            "Shape": SHAPE_TITLES[shape],
            "Columns": columns,
            "Example": example,
            "Losses that fit": ", ".join(loss.title for loss in losses_for(shape)),
        }
        for shape, (columns, example) in _EXAMPLES.items()
    ]
    return pd.DataFrame(rows)
