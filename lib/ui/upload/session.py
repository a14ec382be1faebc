"""Which upload is open, and what was chosen for it: the id stands in the URL, the choices beside the file."""

from __future__ import annotations

import streamlit as st

from lib import settings
from lib.errors import NotFoundError
from lib.store.uploads import Upload, load_upload

_UPLOAD_PARAM = "upload"
_VERSION = "upload-round"
_SAVED = "upload-saved"


def current_upload() -> Upload | None:
    """Return the upload that the URL names; forget an id that leads nowhere."""
    identity = st.query_params.get(_UPLOAD_PARAM)
    if not identity:
        return None
    try:
        return load_upload(settings.home(), identity)
    except NotFoundError as error:
        st.query_params.pop(_UPLOAD_PARAM, None)
        st.info(f"{error.what} {error.todo}", icon=":material/info:")
        return None


def open_upload(upload: Upload) -> None:
    """Make an upload the one that the page is about."""
    st.query_params[_UPLOAD_PARAM] = upload.id
    st.session_state[_VERSION] = entry_version() + 1


def close_upload() -> None:
    """Leave the upload; the entry fields start empty again."""
    st.query_params.pop(_UPLOAD_PARAM, None)
    st.session_state[_VERSION] = entry_version() + 1


def entry_version() -> int:
    """Return a number that changes whenever the entry fields must start empty."""
    return int(st.session_state.get(_VERSION, 0))


def last_saved_dataset() -> str:
    """Return the id of the dataset saved last in this visit, "" for none."""
    return str(st.session_state.get(_SAVED, ""))


def set_last_saved_dataset(dataset: str) -> None:
    """Remember what was saved, so that the next step can be offered."""
    st.session_state[_SAVED] = dataset


def widget_key(upload: Upload, *parts: object) -> str:
    """Return the key of a widget that belongs to this upload."""
    return "-".join(["upload", upload.id, *(str(part) for part in parts)])
