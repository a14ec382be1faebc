"""Upload: from a file to an audited, split dataset."""

from __future__ import annotations

import streamlit as st

from lib.errors import CloserError
from lib.store.uploads import Upload
from lib.ui.shared.components import show_error
from lib.ui.upload import computations, datasets, findings, reading, save, source, split
from lib.ui.upload.mapping import edit_mapping
from lib.ui.upload.session import close_upload, current_upload
from lib.ui.upload.shapes import show_shapes


def page() -> None:
    """Draw the page: the open upload, or the sources of a new one; the datasets below."""
    st.title("Upload", anchor=False)
    upload = current_upload()
    if upload is None:
        st.text("Upload examples of texts that belong together. Closer reads, checks and splits them.")
        datasets.show_last_saved()
        source.show_sources()
        with st.expander("Dataset shapes", icon=":material/table_view:"):
            show_shapes()
    else:
        _show_upload(upload)
    datasets.show_datasets()


def _show_upload(upload: Upload) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(", ".join(upload.names), width="content")
        st.button("Choose another file", icon=":material/restart_alt:", on_click=close_upload)
    try:
        _show_steps(upload)
    except CloserError as error:
        show_error(error)


def _show_steps(upload: Upload) -> None:
    """Draw the steps from the file to the dataset; each needs the one before."""
    table = reading.show_file(upload, upload.draft())
    if table is None:
        return
    mapping = edit_mapping(upload, upload.draft(), table)
    if mapping is None:
        return
    draft = upload.draft()
    findings.show_findings(upload, draft, computations.audit_upload(upload, draft, mapping))
    findings.show_unknown_tokens(computations.count_unknown_tokens(upload, draft, mapping))
    draft = split.edit_split(upload, draft)
    prepared = computations.split_upload(upload, draft, mapping)
    split.show_split(prepared, draft)
    save.show_save_form(upload, draft, table, mapping, prepared)


page()
