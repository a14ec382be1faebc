"""The sources of examples: files, pasted text, or a sample."""

from __future__ import annotations

import io

import streamlit as st

from lib import settings
from lib.data.read.dataset_formats.registry import dataset_format_names
from lib.data.read.formats import EXTENSIONS, format_names
from lib.data.samples.add import add_sample
from lib.data.samples.registry import SAMPLES
from lib.errors import CloserError
from lib.format import format_bytes
from lib.store.datasets import Dataset
from lib.store.runs import Run
from lib.store.unarchive import is_archive, open_archive
from lib.store.uploads import Upload, remove_upload, store_upload
from lib.store.workspace import open_workspace
from lib.ui.shared import state
from lib.ui.shared.components import show_error
from lib.ui.upload.session import close_upload, entry_version, open_upload, set_last_saved_dataset


def show_sources() -> None:
    """Draw the file uploader, the text box and the samples; an upload opens at once."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _show_uploader()
        _show_text_box()
    with right:
        _show_samples()


def _show_uploader() -> None:
    st.subheader("Upload a file", anchor=False)
    uploaded = st.file_uploader(
        "Files with your examples",
        type=None,
        accept_multiple_files=True,
        key=f"upload-files-{entry_version()}",
        help=f"{', '.join(EXTENSIONS)}; several files with the same columns, or the parts of one dataset (BEIR), become one dataset. "
        f"At most {format_bytes(settings.MAX_FILE_BYTES)} per file.",
    )
    st.caption(
        f"{format_names()}, also gzipped or in a zip. Recognised by their look: {dataset_format_names()}, and a packed dataset. "
        "Files stay on this machine."
    )
    if uploaded:
        _store_and_open([(file.name, file) for file in uploaded])


def _show_text_box() -> None:
    with st.expander("Paste text instead", icon=":material/content_paste:"):
        text = st.text_area(
            "Rows of examples, with a header line",
            key=f"upload-paste-{entry_version()}",
            placeholder="source_sentence,target_sentence\nMy parcel is late,See where it is under Orders",
            height=160,
        )
        if st.button("Use this text", icon=":material/arrow_forward:", disabled=not text.strip()):
            _store_and_open([("Pasted text.csv", io.BytesIO(text.encode("utf-8")))])


def _store_and_open(files: list[tuple[str, io.BytesIO]]) -> None:
    """Store the files before they are read, and open them.

    A packed run or dataset is taken into the workspace.
    """
    try:
        upload = store_upload(settings.home(), files)
        packed = _open_packed(upload)
    except CloserError as error:
        show_error(error)
        return
    if isinstance(packed, Run):
        st.switch_page(state.EXPLORE_PAGE, query_params={state.RUN_PARAM: packed.id})
    if isinstance(packed, Dataset):
        set_last_saved_dataset(packed.id)
        close_upload()
    else:
        open_upload(upload)
    st.rerun()


def _open_packed(upload: Upload) -> Run | Dataset | None:
    """Take a packed file into the workspace; None where it is none. Raises InputError for a damaged one."""
    if len(upload.files) > 1 or not is_archive(upload.files[0]):
        return None
    try:
        with st.spinner("Checking the file ..."):
            return open_archive(open_workspace(), upload.files[0])
    finally:
        remove_upload(upload)


def _show_samples() -> None:
    st.subheader("Or try a sample", anchor=False)
    for sample in SAMPLES.values():
        with st.container(border=True):
            st.markdown(f"**{sample.title}**")
            st.caption(sample.description)
            if st.button(f"Use {sample.title}", key=f"upload-sample-{sample.key}", icon=":material/add:"):
                _add_sample(sample.key)


def _add_sample(key: str) -> None:
    try:
        with st.spinner("Preparing the sample ..."):
            dataset = add_sample(open_workspace(), key)
    except CloserError as error:
        show_error(error)
        return
    set_last_saved_dataset(dataset.id)
    st.rerun()
