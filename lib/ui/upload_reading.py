"""How the file was read: shown with a preview, and changeable."""

from __future__ import annotations

import streamlit as st

from lib.data.mapping import Rows
from lib.data.prepare import read_facts
from lib.data.uploads import Draft, Upload
from lib.ui import upload_work
from lib.ui.upload_mapping import first_rows


def show(upload: Upload, draft: Draft) -> Rows:
    """Read the upload and show what was read; raise InputError where that is impossible."""
    st.subheader("What was read", anchor=False)
    table = upload_work.table(upload, draft)
    st.caption(f"{len(table.frame):,} rows, {table.frame.shape[1]} columns")
    st.dataframe(first_rows(table), hide_index=True, height=220, alt="The first rows as they were read")
    with st.expander("Details of reading", icon=":material/info:"):
        st.json(read_facts(table))
    return table
