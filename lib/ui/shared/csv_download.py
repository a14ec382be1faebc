"""Download a table as CSV: safe to open in a spreadsheet, or on request with the exact texts."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from lib.escapes import to_csv

_EXACT_HELP = (
    "A spreadsheet may run a text that begins with = + - or @ as a formula. So by default such a text gets an "
    "apostrophe before it; with exact texts it stays as it is."
)


def show_csv_download(label: str, load: Callable[[], pd.DataFrame], *, file_name: str, key: str) -> None:
    """Draw a button that downloads the table, and the choice of exact texts; the file is made on request."""
    with st.container(horizontal=True, vertical_alignment="center"):
        exact = st.checkbox("Exact texts", key=f"{key}-exact", help=_EXACT_HELP)
        st.download_button(
            label,
            data=lambda: to_csv(load(), exact=exact),
            file_name=file_name,
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key=key,
        )
