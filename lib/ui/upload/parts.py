"""Small pieces that the sections of the upload page share."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.data.audit.characters import escape_invisible

ROLE_TITLES = {
    "anchor": "Source",
    "positive": "Target",
    "negative": "Negatives",
    "text": "Text",
    "label": "Class",
    "score": "Score",
}
PART_TITLES = {"train": "Train", "validation": "Validation", "held_out": "Held-out"}


def column_title(name: str) -> str:
    """Title of a column of the canonical table."""
    if name.startswith("negative"):
        return "Negative" + name.removeprefix("negative").replace("_", " ")
    return ROLE_TITLES.get(name, name.capitalize())


def show_examples(frame: pd.DataFrame, *, label: str, height: int | str = "auto", key: str | None = None) -> None:
    """Show examples with their lines; invisible characters are escaped."""
    shown = frame.copy()
    for name in shown.columns:
        if pd.api.types.is_string_dtype(shown[name]):
            shown[name] = [escape_invisible(text) for text in shown[name]]
    st.dataframe(shown, hide_index=True, height=height, column_config=column_config(frame), alt=label, key=key)


def column_config(frame: pd.DataFrame) -> dict[str, object]:
    """Titles and widths of the columns of an example table."""
    columns: dict[str, object] = {}
    for name in map(str, frame.columns):
        if name == "line":
            columns[name] = st.column_config.NumberColumn("Line", width="small", format="%d")
        elif name == "score":
            columns[name] = st.column_config.NumberColumn("Score", width="small", format="%.3f")
        else:
            columns[name] = st.column_config.TextColumn(column_title(name), width=None)
    return columns
