"""Upload: from a file to an audited, split dataset."""

from __future__ import annotations

import streamlit as st

from lib.errors import CloserError
from lib.store.uploads import Upload
from lib.ui.shared.components import show_error
from lib.ui.upload import computations, datasets, findings, reading, save, shapes, source, split
from lib.ui.upload import draft as upload_state
from lib.ui.upload import mapping as upload_mapping


def page() -> None:
    """Draw the page: the upload that is open, or the ways to begin; the datasets below."""
    st.title("Upload", anchor=False)
    upload = upload_state.opened()
    if upload is None:
        st.text("Bring examples of texts that belong together. Closer reads them, says what is wrong, and splits them.")
        datasets.show_saved()
        source.show()
        with st.expander("How training data can be organised", icon=":material/table_view:"):
            shapes.show()
    else:
        _opened(upload)
    datasets.show()


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
    table = reading.show(upload, upload.draft())
    if table is None:
        return
    mapping = upload_mapping.show(upload, upload.draft(), table)
    if mapping is None:
        return
    draft = upload.draft()
    findings.show(upload, draft, computations.audited(upload, draft, mapping))
    draft = split.settings(upload, draft)
    prepared = computations.prepared(upload, draft, mapping)
    split.sizes(prepared, draft)
    save.show(upload, draft, table, mapping, prepared)


page()
