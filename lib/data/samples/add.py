"""Put a sample into the workspace: the same steps as for an upload, in one call."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from lib.data.prepare import prepare
from lib.data.samples.registry import get_sample
from lib.store.uploads import store_upload

if TYPE_CHECKING:
    from lib.store.datasets import Dataset
    from lib.store.workspace import Workspace


def add_sample(workspace: Workspace, key: str) -> Dataset:
    """Return the sample's dataset, made now if it is not there yet; the table it is made of stays beside it."""
    chosen = get_sample(key)
    table = chosen.maker()
    prepared = prepare(table)
    prepared.facts["files"] = [f"{chosen.title}.csv"]
    return workspace.datasets.publish(prepared, name=chosen.title, originals=_original(workspace.home, table.to_csv))


def _original(home: Path, write: object) -> tuple[Path, ...]:
    """Write the sample's table as the upload it never was."""
    text = write(index=False) if callable(write) else ""
    return store_upload(home, [("sample.csv", io.BytesIO(str(text).encode("utf-8")))]).files
