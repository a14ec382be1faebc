"""Save the prepared examples as a dataset, and download the rows that were dropped."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from lib.data.audit.corrections import Correction
from lib.data.columns.mapping import ColumnMapping
from lib.data.prepared_dataset import PreparedDataset, Provenance
from lib.data.table import Table
from lib.errors import CloserError
from lib.format import format_count
from lib.store.uploads import Draft, Upload
from lib.store.workspace import open_workspace
from lib.ui.shared.components import show_error
from lib.ui.shared.csv_download import show_csv_download
from lib.ui.upload.session import close_upload, set_last_saved_dataset, widget_key


def show_save_form(
    upload: Upload, draft: Draft, table: Table, mapping: ColumnMapping, prepared: PreparedDataset
) -> None:
    """Draw the download of the dropped rows, and the fields to save the dataset."""
    if len(prepared.left_out):
        show_csv_download(
            f"Download {format_count(len(prepared.left_out), 'dropped row')}",
            lambda: prepared.left_out,
            file_name="left_out.csv",
            key=widget_key(upload, "left-out"),
        )
    st.subheader("Save", anchor=False)
    name = st.text_input("Name", value=upload.title, max_chars=200, key=widget_key(upload, "name"))
    notes = st.text_area("Notes", key=widget_key(upload, "notes"), height=80, placeholder="Source, purpose")
    if st.button("Save dataset", type="primary", icon=":material/save:", key=widget_key(upload, "save")):
        _save(upload, draft, table, mapping, prepared, name, notes)


def _save(
    upload: Upload,
    draft: Draft,
    table: Table,
    mapping: ColumnMapping,
    prepared: PreparedDataset,
    name: str,
    notes: str,
) -> None:
    corrections = tuple(map(Correction.from_json, draft.corrections))
    provenance = Provenance(table.report, mapping, files=upload.names, corrections=corrections)
    try:
        with st.spinner("Saving ..."):
            workspace = open_workspace()
            dataset = workspace.datasets.publish(
                replace(prepared, provenance=provenance), name=name, originals=upload.files
            )
            if notes.strip():
                workspace.datasets.annotate(dataset.id, notes.strip())
            set_last_saved_dataset(dataset.id)  # first: streamlit may stop this run when the user leaves
            close_upload()
    except CloserError as error:
        show_error(error)
        return
    st.rerun()
