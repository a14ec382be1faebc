"""Which upload is open, and what was chosen for it: the id stands in the URL, the choices beside the file."""

from __future__ import annotations

import streamlit as st

from lib import settings
from lib.errors import NotFoundError
from lib.store.uploads import Upload, load_upload

PARAM = "upload"
_ROUND = "upload-round"
_SAVED = "upload-saved"


def opened() -> Upload | None:
    """Return the upload that the URL names; forget an id that leads nowhere."""
    identity = st.query_params.get(PARAM)
    if not identity:
        return None
    try:
        return load_upload(settings.home(), identity)
    except NotFoundError as error:
        st.query_params.pop(PARAM, None)
        st.info(f"{error.what} {error.todo}", icon=":material/info:")
        return None


def open_upload(upload: Upload) -> None:
    """Make an upload the one that the page is about."""
    st.query_params[PARAM] = upload.id
    st.session_state[_ROUND] = entry_round() + 1


def close() -> None:
    """Leave the upload; the entry fields start empty again."""
    st.query_params.pop(PARAM, None)
    st.session_state[_ROUND] = entry_round() + 1


def entry_round() -> int:
    """Return a number that changes whenever the entry fields must start empty."""
    return int(st.session_state.get(_ROUND, 0))


def saved() -> str:
    """Return the id of the dataset saved last in this visit, "" for none."""
    return str(st.session_state.get(_SAVED, ""))


def remember_saved(dataset: str) -> None:
    """Remember what was saved, so that the next step can be offered."""
    st.session_state[_SAVED] = dataset


def key(upload: Upload, *parts: object) -> str:
    """Return the key of a widget that belongs to this upload."""
    return "-".join(["upload", upload.id, *(str(part) for part in parts)])
