"""Possible label errors of a dataset: checked with the base model in the queue, dropped row by row."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from lib.data.drop_rows import drop_rows
from lib.errors import CloserError
from lib.experiments.label_noise_check import label_noise_path, load_label_noise
from lib.format import format_count
from lib.settings import BUNDLED_MODEL
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.jobs import OPEN, Job
from lib.store.workspace import Workspace
from lib.ui.shared.components import show_error
from lib.ui.shared.dataset_job import show_dataset_job
from lib.ui.upload.session import set_last_saved_dataset

_COSINE = {"format": "%.3f", "width": "small"}
_COLUMNS = {
    "line": st.column_config.NumberColumn("Line", format="%d", width="small"),
    "anchor": st.column_config.TextColumn("Source", width="medium"),
    "positive": st.column_config.TextColumn("Target", width="medium"),
    "cosine": st.column_config.NumberColumn("Cosine", **_COSINE),
    "other": st.column_config.TextColumn("Higher-ranked target", width="medium"),
    "other_cosine": st.column_config.NumberColumn("Cosine of that target", **_COSINE),
    "gap": st.column_config.NumberColumn("Gap", **_COSINE),
}
"""Columns of the result, and how they are shown."""


def show_label_noise(workspace: Workspace, dataset: Dataset) -> None:
    """Offer the check, show its progress, or its results."""
    if Shape(dataset.shape) not in (Shape.PAIRS, Shape.TRIPLETS):
        return
    table = load_label_noise(label_noise_path(workspace.home, dataset.id))
    job = workspace.jobs.find(_job_key(dataset))
    with st.expander("Possible label errors", icon=":material/rule:", key=f"label-errors-{dataset.id}"):
        st.caption(
            f"Rows where {BUNDLED_MODEL} ranks another target above the row's own. Often that target is correct too (a false "
            "negative within a batch), sometimes the row is wrong. Hard but correct rows are listed as well: check before you "
            "drop a row."
        )
        if table is not None:
            _show_rows(workspace, dataset, table)
        elif job is not None and job.state in OPEN:
            show_dataset_job(job)
        else:
            _show_button(workspace, dataset, job)


def _show_button(workspace: Workspace, dataset: Dataset, job: Job | None) -> None:
    if job is not None and job.state == "failed":
        show_error(job.failure)
    if st.button("Check with base model", icon=":material/psychology:", key=f"label-errors-ask-{dataset.id}"):
        submit_label_noise_check(workspace, dataset)
        st.rerun()


def submit_label_noise_check(workspace: Workspace, dataset: Dataset) -> Job:
    """Queue the check, again where it failed; a double click makes one job."""
    return workspace.jobs.submit_on_dataset("label_noise", dataset=dataset.id, key=_job_key(dataset))


def _job_key(dataset: Dataset) -> str:
    return f"label-noise-{dataset.id}"


def _show_rows(workspace: Workspace, dataset: Dataset, table: pd.DataFrame) -> None:
    if table.empty:
        st.success("No suspicious rows.", icon=":material/check:")
        return
    st.text(f"{format_count(len(table), 'row')}, largest gap first. Select the rows to drop.")
    shown = table[list(_COLUMNS)].copy()
    shown.insert(0, "drop", False)
    edited = st.data_editor(
        shown,
        hide_index=True,
        disabled=list(_COLUMNS),
        column_config={"drop": st.column_config.CheckboxColumn("Drop", width="small"), **_COLUMNS},
        key=f"label-errors-table-{dataset.id}",
        height=320,
    )
    pairs = table["pair"][edited["drop"].to_numpy()].tolist()
    label = f"Save dataset without {format_count(len(pairs), 'row')}"
    if st.button(label, icon=":material/save:", disabled=not pairs, key=f"label-errors-save-{dataset.id}"):
        try:
            new = drop_rows(
                workspace, dataset, pairs, name=f"{dataset.name[:150]} without {format_count(len(pairs), 'row')}"
            )
        except CloserError as error:
            show_error(error)
            return
        set_last_saved_dataset(new.id)
        st.rerun()
