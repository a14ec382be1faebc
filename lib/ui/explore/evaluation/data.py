"""How tables of an evaluation are drawn."""

from __future__ import annotations

import pandas as pd
import streamlit as st


def show_numbers(table: pd.DataFrame) -> None:
    """Draw a table of an evaluation, its numbers with three digits."""
    config = {name: st.column_config.NumberColumn(format="%.3f") for name in table.select_dtypes("number")}
    st.dataframe(table, hide_index=True, column_config=config)
