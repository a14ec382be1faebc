"""Embed a file with the run's base or tuned model: choose file and column, download the vectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from lib.data.file_rows import FileRows, peek_stored_rows, store_file_rows
from lib.data.model_inputs import Role
from lib.data.read.formats import EXTENSIONS
from lib.errors import CloserError, InputError
from lib.experiments.file_vectors import (
    SIDES,
    FileVectors,
    list_file_vectors,
    remove_file_vectors,
    run_columns,
    run_reading,
)
from lib.format import format_count
from lib.models.prompts.describe import quote_prompt
from lib.models.vector_files import VectorFormat
from lib.store.layout import UploadPaths
from lib.store.runs import Run
from lib.store.uploads import load_upload, remove_upload, store_upload
from lib.store.workspace import open_workspace
from lib.ui.explore import keys
from lib.ui.explore.jobs import show_last_failure, show_progress, submit_job
from lib.ui.shared.components import catch_errors
from lib.ui.shared.edit_button import edit_button
from lib.ui.shared.offered_file import offer_file
from lib.ui.shared.session_role import session_may_change

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

_ROLES = {Role.DOCUMENT: "Targets: what is found", Role.QUERY: "Sources: what is searched with"}
_FORMATS = {VectorFormat.PARQUET: "Parquet: rows and vectors", VectorFormat.NPY: "npy: vectors alone"}


@dataclass(frozen=True)
class _StoredFile:
    """A file of this session. file: Streamlit's id of it; upload: where its rows are stored."""

    file: str
    upload: str
    name: str


def show_embed_file(run: Run) -> None:
    """Draw the form, or the progress of the run's job, and the files that were made."""
    st.caption(
        "The same rows with the vectors of one column, for an index or a notebook. "
        "`python -m lib embed` does the same without a browser."
    )
    if not show_progress(run, "embed", title="Embedding"):
        show_last_failure(run, "embed")
        with catch_errors():
            _show_form(run)
    _show_made(run)


def _show_form(run: Run) -> None:
    uploaded = st.file_uploader(
        "File with a column of texts",
        type=None,
        key=f"{keys.EMBED_FILE}-{st.session_state.get(keys.EMBED_VERSION, 0)}",
        help=", ".join(EXTENSIONS[:-1]),
        disabled=not session_may_change(),
    )
    stored = _store(uploaded) if uploaded is not None else None
    if stored is None:
        return
    head, rows = peek_stored_rows(UploadPaths(load_upload(open_workspace().home, stored.upload).folder).rows)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        role = _choose_role(run)
        side = st.segmented_control(
            "Model",
            list(SIDES),
            format_func=SIDES.__getitem__,
            default="tuned",
            required=True,
            key=f"embed-side-{run.id}",
        )
    chosen = st.multiselect(
        "Columns of the text",
        head.table.column_names,
        default=_guess(run, head, role),
        key=f"embed-columns-{stored.upload}-{role}",
        help="Several are joined by a line break.",
    )
    kind = st.radio(
        "Format", list(_FORMATS), format_func=_FORMATS.__getitem__, horizontal=True, key=f"embed-format-{run.id}"
    )
    label = f"Embed {format_count(rows, 'row')}"
    if edit_button(label, key=f"embed-start-{run.id}", type="primary", icon=":material/grain:", disabled=not chosen):
        st.session_state.pop(keys.EMBED_UPLOAD, None)
        st.session_state[keys.EMBED_VERSION] = st.session_state.get(keys.EMBED_VERSION, 0) + 1  # an empty uploader
        submit_job(
            run, "embed", upload=stored.upload, name=stored.name, columns=chosen, role=role, side=side, format=kind
        )


def _store(uploaded: UploadedFile) -> _StoredFile | None:
    """Store a newly chosen file and its rows once; None, after an error, where it cannot be read."""
    stored: _StoredFile | None = st.session_state.get(keys.EMBED_UPLOAD)
    if stored is not None and stored.file == uploaded.file_id:
        return stored
    upload = store_upload(open_workspace().home, [(uploaded.name, uploaded)])
    try:
        with st.spinner("Reading the file ..."):
            store_file_rows(upload.files[0], UploadPaths(upload.folder).rows)
    except CloserError:
        remove_upload(upload)
        raise
    stored = _StoredFile(uploaded.file_id, upload.id, uploaded.name)
    st.session_state[keys.EMBED_UPLOAD] = stored
    return stored


def _choose_role(run: Run) -> Role:
    """Let the person choose the role where the run's prompts differ by role."""
    reading = run_reading(open_workspace(), run)
    if not reading.has_two_roles:
        return Role.DOCUMENT
    return st.segmented_control(
        "Role",
        list(_ROLES),
        format_func=_ROLES.__getitem__,
        default=Role.DOCUMENT,
        required=True,
        key=f"embed-role-{run.id}",
        help="Prompt before each text: " + "; ".join(f"{role} {quote_prompt(reading.prompt(role))}" for role in _ROLES),
    )


def _guess(run: Run, head: FileRows, role: Role) -> list[str]:
    """Guess the columns; none where several come into question."""
    try:
        return list(head.guess_columns(role, run_columns(open_workspace(), run)))
    except InputError:
        return []


def _show_made(run: Run) -> None:
    """List the files that were made, each with its facts, a download and a way to remove it."""
    for made in list_file_vectors(run):
        offer_file(
            made.name,
            caption=describe_file_vectors(made),
            address=f"/download/{run.id}/vectors/{made.file_name}",
            size=made.bytes,
            key=f"embed-remove-{run.id}-{made.job}",
            remove=partial(remove_file_vectors, run, made),
        )


def describe_file_vectors(made: FileVectors) -> str:
    """Write the facts of a file of vectors in one line."""
    without = f", {format_count(made.empty, 'row')} without a text" if made.empty else ""
    prompt = f", prompt {quote_prompt(made.prompt)}" if made.prompt else ""
    return (
        f"{format_count(made.rows, 'row')} of {made.dimension} dimensions{without} · {SIDES.get(made.side, made.side)} · "
        f"{' + '.join(made.columns)}{prompt}"
    )
