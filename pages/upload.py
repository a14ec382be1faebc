"""Upload: from a file to an audited, split dataset."""

from __future__ import annotations

import streamlit as st

from lib.errors import CloserError
from lib.store.uploads import Upload
from lib.ui import (
    upload_datasets,
    upload_findings,
    upload_mapping,
    upload_reading,
    upload_save,
    upload_shapes,
    upload_source,
    upload_split,
    upload_state,
    upload_work,
)
from lib.ui.components import show_error


def page() -> None:
    """Draw the page: the upload that is open, or the ways to begin; the datasets below."""
    st.title("Upload", anchor=False)
    upload = upload_state.opened()
    if upload is None:
        st.text("Bring examples of texts that belong together. Closer reads them, says what is wrong, and splits them.")
        upload_datasets.show_saved()
        upload_source.show()
        with st.expander("How training data can be organised", icon=":material/table_view:"):
            upload_shapes.show()
    else:
        _opened(upload)
    upload_datasets.show()


def _opened(upload: Upload) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(", ".join(upload.names), width="content")
        st.button("Choose another file", icon=":material/restart_alt:", on_click=upload_state.close)
    try:
        _steps(upload)
    except CloserError as error:
        show_error(error)


def _steps(upload: Upload) -> None:
    """Walk from the file to the dataset; each step needs the one before."""
    table = upload_reading.show(upload, upload.draft())
    if table is None:
        return
    mapping = upload_mapping.show(upload, upload.draft(), table)
    if mapping is None:
        return
    draft = upload.draft()
    upload_findings.show(upload, draft, upload_work.audited(upload, draft, mapping))
    draft = upload_split.settings(upload, draft)
    prepared = upload_work.prepared(upload, draft, mapping)
    upload_split.sizes(prepared, draft)
    upload_save.show(upload, draft, table, mapping, prepared)


page()
