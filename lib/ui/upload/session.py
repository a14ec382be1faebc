"""Session keys and query parameters of the upload page: the open upload, the last dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

from lib import settings
from lib.data.audit.corrections import Correction
from lib.data.columns.mapping import ColumnMapping
from lib.data.read.options import ReadOptions
from lib.errors import InputError, NotFoundError
from lib.store.uploads import Draft, Upload, load_upload
from lib.typed_json import JsonError, build
from lib.ui.shared.components import escape_markdown

_UPLOAD_PARAM = "upload"
_VERSION = "upload-entry-version"
_SAVED = "upload-saved-dataset"


def current_upload() -> Upload | None:
    """Load the upload that the URL names; drop an id that no longer exists."""
    identity = st.query_params.get(_UPLOAD_PARAM)
    if not identity:
        return None
    try:
        upload = load_upload(settings.home(), identity)
    except NotFoundError as error:
        st.query_params.pop(_UPLOAD_PARAM, None)
        st.info(escape_markdown(f"{error.what} {error.todo}"), icon=":material/info:")
        return None
    _forget_damaged(upload)
    return upload


def _forget_damaged(upload: Upload) -> None:
    """Forget the choices of a draft that cannot be used: they are asked for again."""
    draft, empty = upload.draft(), Draft()
    for name, make in _DRAFT_PARTS.items():
        try:
            if getattr(draft, name):
                build(make, getattr(draft, name))
        except (JsonError, InputError):
            upload.change(**{name: getattr(empty, name)})


_DRAFT_PARTS: dict[str, Callable[[Any], object]] = {
    "options": lambda values: ReadOptions(**values),
    "mapping": ColumnMapping.from_json,
    "corrections": lambda values: [Correction.from_json(one) for one in values],
}
"""Parts of a draft that are stored as JSON alone, and what they are read as."""


def open_upload(upload: Upload) -> None:
    """Open an upload: put it into the URL."""
    st.query_params[_UPLOAD_PARAM] = upload.id
    st.session_state[_VERSION] = entry_version() + 1


def close_upload() -> None:
    """Close the upload; the entry fields start empty again."""
    st.query_params.pop(_UPLOAD_PARAM, None)
    st.session_state[_VERSION] = entry_version() + 1


def entry_version() -> int:
    """Count openings and closings: part of the entry fields' keys, so that they start empty."""
    return int(st.session_state.get(_VERSION, 0))


def last_saved_dataset() -> str:
    """Read the id of the dataset saved last in this session, "" for none."""
    return str(st.session_state.get(_SAVED, ""))


def set_last_saved_dataset(dataset: str) -> None:
    """Store which dataset was saved last."""
    st.session_state[_SAVED] = dataset


def stored_widget_value(key: str) -> str | None:
    """Read the value of a widget in its own callback, where the widget's return value is not at hand."""
    value: str | None = st.session_state.get(key)
    return value


def swap_widget_values(left: str, right: str) -> None:
    """Exchange the values of two widgets."""
    values = st.session_state
    values[left], values[right] = values[right], values[left]


def set_widget_values(values: Mapping[str, object]) -> None:
    """Set the values of widgets that have not been drawn in this run yet."""
    for key, value in values.items():
        st.session_state[key] = value


def rename_widget_values(keys: Iterable[str], names: Mapping[str, str]) -> None:
    """Replace names in the values of widgets, such as columns that got a new name."""
    for key in keys:
        value = st.session_state.get(key)
        if isinstance(value, str):
            st.session_state[key] = names.get(value, value)
        elif isinstance(value, list):
            st.session_state[key] = [names.get(name, name) for name in value]


def widget_key(upload: Upload, *parts: object) -> str:
    """Key of a widget that belongs to this upload."""
    return "-".join(["upload", upload.id, *(str(part) for part in parts)])
