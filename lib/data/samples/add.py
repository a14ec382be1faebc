"""Add a sample to the workspace: the steps of an upload in one call."""

from __future__ import annotations

import io
from dataclasses import replace

from lib.data.columns.guess import guess_mapping
from lib.data.prepare import audit_table, split_audited
from lib.data.prepared_dataset import Provenance
from lib.data.samples.registry import get_sample
from lib.data.table import Table
from lib.store.datasets import Dataset
from lib.store.uploads import store_upload
from lib.store.workspace import Workspace


def add_sample(workspace: Workspace, key: str) -> Dataset:
    """Publish a sample as a dataset with its original table beside it.

    An existing one is returned.
    """
    sample = get_sample(key)
    table = Table.from_frame(sample.load())
    mapping = guess_mapping(table)
    provenance = Provenance(table.report, mapping, files=(f"{sample.title}.csv",))
    prepared = replace(split_audited(audit_table(table, mapping)), provenance=provenance)
    original = io.BytesIO(table.frame.to_csv(index=False).encode("utf-8"))
    upload = store_upload(workspace.home, [("sample.csv", original)])
    return workspace.datasets.publish(prepared, name=sample.title, originals=upload.files)
