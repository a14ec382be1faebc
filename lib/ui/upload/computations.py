"""What the upload page computes, cached between reruns by the ids of its inputs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from lib import settings
from lib.data.audit.corrections import Correction
from lib.data.audit.run import Audit
from lib.data.columns.mapping import ColumnMapping
from lib.data.model_inputs import ModelInputs
from lib.data.prepare import audit_table, split_audited
from lib.data.prepared_dataset import PreparedDataset
from lib.data.table import Table
from lib.format import format_count
from lib.models.catalog import resolve
from lib.models.unknown_tokens import UnknownTokens, unknown_tokens
from lib.settings import HELD_OUT_FRACTION, VALIDATION_FRACTION
from lib.store.uploads import Draft, Upload


@dataclass(frozen=True)
class DatasetKey:
    """Everything that determines a dataset: the key of a cached result."""

    upload: str
    options: str
    mapping: str
    choices: str
    corrections: str
    own: str


def read_upload(upload: Upload, draft: Draft) -> Table:
    """Read the table of an upload in a child process, once; raise InputError where it cannot be read."""
    return _cached_table(tuple(map(str, upload.files)), upload.names, _to_key(draft.options))


def read_own_held_out(upload: Upload, draft: Draft) -> Table | None:
    """Read the table of the user's own held-out file, if there is one."""
    if upload.own_held_out is None:
        return None
    stamp = upload.own_held_out.stat().st_mtime_ns
    return _cached_table((str(upload.own_held_out),), ("Held-out file",), _to_key(draft.options), stamp)


def audit_upload(upload: Upload, draft: Draft, mapping: ColumnMapping) -> Audit:
    """Audit an upload under the draft's mapping, choices and corrections."""
    return _cached_audit(
        _dataset_key(upload, draft, mapping), _rows=read_upload(upload, draft), _own=read_own_held_out(upload, draft)
    )


def count_unknown_tokens(upload: Upload, draft: Draft, mapping: ColumnMapping) -> UnknownTokens | None:
    """Count the tokens of the audited texts that the bundled model does not know."""
    return _cached_unknown(_dataset_key(upload, draft, mapping), _audit=audit_upload(upload, draft, mapping))


def split_upload(upload: Upload, draft: Draft, mapping: ColumnMapping) -> PreparedDataset:
    """Split the audited examples; raise InputError where a split would be empty."""
    validation = VALIDATION_FRACTION if draft.validation is None else draft.validation
    held_out = HELD_OUT_FRACTION if draft.held_out is None else draft.held_out
    key = _dataset_key(upload, draft, mapping)
    return _cached_split(key, validation, held_out, draft.seed, _audit=audit_upload(upload, draft, mapping))


@st.cache_resource(max_entries=4, show_spinner=False)
def _cached_table(files: tuple[str, ...], names: tuple[str, ...], options: str, stamp: int = 0) -> Table:
    from lib.data.read.child_process import read_in_child_process
    from lib.data.read.options import ReadOptions

    with st.spinner("Reading the file ..."):
        paths = [Path(file) for file in files]
        return read_in_child_process(paths, options=ReadOptions(**json.loads(options)), names=names)


@st.cache_resource(max_entries=4, show_spinner=False)
def _cached_audit(key: DatasetKey, *, _rows: Table, _own: Table | None) -> Audit:
    with st.spinner(f"Checking {format_count(len(_rows.frame), 'row')} ..."):
        mapping = ColumnMapping.from_json(json.loads(key.mapping))
        return audit_table(
            _rows,
            mapping,
            choices=json.loads(key.choices),
            corrections=[Correction.from_json(values) for values in json.loads(key.corrections)],
            own_held_out=_own,
        )


@st.cache_resource(max_entries=4, show_spinner=False)
def _cached_unknown(key: DatasetKey, *, _audit: Audit) -> UnknownTokens | None:
    examples = _audit.examples
    inputs = ModelInputs.of(examples.frame, examples.shape)
    return unknown_tokens(resolve(settings.BUNDLED_MODEL, home=settings.home()), inputs, model=settings.BUNDLED_MODEL)


@st.cache_resource(max_entries=4, show_spinner=False)
def _cached_split(key: DatasetKey, validation: float, held_out: float, seed: int, *, _audit: Audit) -> PreparedDataset:
    with st.spinner("Splitting ..."):
        return split_audited(_audit, validation=validation, held_out=held_out, seed=seed)


def _dataset_key(upload: Upload, draft: Draft, mapping: ColumnMapping) -> DatasetKey:
    own = str(upload.own_held_out.stat().st_mtime_ns) if upload.own_held_out else ""
    return DatasetKey(
        upload.id,
        _to_key(draft.options),
        _to_key(mapping.to_json()),
        _to_key(draft.choices),
        _to_key(draft.corrections),
        own,
    )


def _to_key(values: object) -> str:
    return json.dumps(values, sort_keys=True)
