"""The datasets of the workspace: contents, their runs, and rename, download, delete."""

from __future__ import annotations

import io

import streamlit as st

from lib.errors import CloserError
from lib.format import format_bytes, format_count
from lib.shapes import Shape
from lib.store.datasets import Dataset
from lib.store.publish import size_of
from lib.store.workspace import Workspace, open_workspace
from lib.ui.shared import state
from lib.ui.shared.components import SHAPE_TITLES, show_error
from lib.ui.shared.csv_download import show_csv_download
from lib.ui.upload import label_noise
from lib.ui.upload.parts import PART_TITLES
from lib.ui.upload.session import last_saved_dataset


def show_datasets() -> None:
    """List the datasets, the one saved last first."""
    workspace = open_workspace()
    datasets = workspace.datasets.all()
    st.header("Your datasets", anchor=False)
    _show_deleted(workspace)
    if not datasets:
        st.info("No datasets yet. Upload a file or use a sample.", icon=":material/info:")
        return
    users: dict[str, list[str]] = {}
    for run in workspace.runs.all():
        users.setdefault(run.dataset, []).append(run.batch or run.id)
    saved = last_saved_dataset()
    for dataset in sorted(datasets, key=lambda dataset: dataset.id != saved):
        with st.container(border=True):
            _show_dataset(workspace, dataset, users.get(dataset.id, []))
            label_noise.show_label_noise(workspace, dataset)


def show_last_saved() -> None:
    """Show the dataset saved last in this session, with the next step."""
    dataset = next((item for item in open_workspace().datasets.all() if item.id == last_saved_dataset()), None)
    if dataset is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.badge("Saved", icon=":material/check:", color="green")
        st.text(f"{dataset.name}: {format_count(dataset.rows, 'row')}", width="content")
        if st.button("Train on this dataset", type="primary", icon=":material/model_training:", key="upload-train"):
            st.switch_page(state.TRAIN_PAGE, query_params={state.DATASET_PARAM: dataset.id})


def _show_dataset(workspace: Workspace, dataset: Dataset, runs: list[str]) -> None:
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.text(dataset.name, width="content")
            st.badge(SHAPE_TITLES[Shape(dataset.shape)], color="gray")
        st.caption(_summary(dataset, runs))
        if dataset.notes:
            st.text(dataset.notes)
    with right, st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        _train_link(dataset)
        with st.popover("More", icon=":material/more_horiz:", key=f"dataset-more-{dataset.id}"):
            _show_menu(workspace, dataset)


def _summary(dataset: Dataset, runs: list[str]) -> str:
    parts = " · ".join(f"{PART_TITLES[part]} {rows:,}" for part, rows in dataset.counts.items())
    usage = f"used by {format_count(len(runs), 'run')}" if runs else "not used yet"
    return f"{format_count(dataset.rows, 'row')}: {parts} · {usage} · id {dataset.id}"


def _train_link(dataset: Dataset) -> None:
    st.page_link(
        state.TRAIN_PAGE,
        label="Train on this dataset",
        icon=":material/model_training:",
        query_params={state.DATASET_PARAM: dataset.id},
    )


def _show_menu(workspace: Workspace, dataset: Dataset) -> None:
    with st.form(f"dataset-form-{dataset.id}", border=False):
        name = st.text_input("Name", value=dataset.name, max_chars=200)
        notes = st.text_area("Notes", value=dataset.notes, height=80)
        if st.form_submit_button("Save name and notes", icon=":material/save:"):
            _rename(workspace, dataset, name, notes)
    show_csv_download(
        "Download as CSV", dataset.frame, file_name=f"dataset_{dataset.id}.csv", key=f"dataset-csv-{dataset.id}"
    )
    st.download_button(
        "Download as Parquet",
        data=lambda: _parquet(dataset),
        file_name=f"dataset_{dataset.id}.parquet",
        icon=":material/download:",
        on_click="ignore",
        key=f"dataset-parquet-{dataset.id}",
    )
    st.link_button(
        "Download packed",
        f"/download/{dataset.id}/dataset.zip",
        icon=":material/download:",
        help="One file with its split and original files, which another Closer opens.",
    )
    st.button(
        "Delete",
        icon=":material/delete:",
        key=f"dataset-delete-{dataset.id}",
        on_click=workspace.datasets.delete,
        args=(dataset.id,),
        help="You can undo this. Runs keep their results.",
    )


def _rename(workspace: Workspace, dataset: Dataset, name: str, notes: str) -> None:
    try:
        workspace.datasets.rename(dataset.id, name)
        workspace.datasets.annotate(dataset.id, notes)
    except CloserError as error:
        show_error(error)
        return
    st.rerun()


def _parquet(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.frame().to_parquet(buffer)
    return buffer.getvalue()


def _show_deleted(workspace: Workspace) -> None:
    """List the deleted datasets, to restore or purge them."""
    deleted = workspace.datasets.all(deleted=True)
    if not deleted:
        return
    with st.expander(f"Deleted: {len(deleted)}", icon=":material/delete:", expanded=True):
        for dataset in deleted:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(f"{dataset.name} ({format_count(dataset.rows, 'row')})", width="content")
                st.button(
                    "Undo",
                    icon=":material/undo:",
                    key=f"dataset-restore-{dataset.id}",
                    on_click=workspace.datasets.restore,
                    args=(dataset.id,),
                    help="Restore this dataset.",
                )
                with st.popover("Free up space", icon=":material/delete_forever:", key=f"dataset-free-{dataset.id}"):
                    st.write(
                        f"Permanently delete it and free {format_bytes(size_of(dataset.folder))}? Its runs keep their results, "
                        "but can't be re-evaluated or mapped again."
                    )
                    if st.button("Delete permanently", key=f"dataset-purge-{dataset.id}", type="primary"):
                        size = workspace.datasets.purge(dataset.id)
                        state.add_notice(f"{format_bytes(size)} freed.", ":material/check:")
                        st.rerun()
