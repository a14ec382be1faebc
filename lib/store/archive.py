"""A run with its dataset, or a dataset alone, as one file that another workspace opens.

A zip; the manifest comes first and names every file of the zip with its SHA-256 and size. Checkpoints, logs and what was embedded
of other files stay at home. Source of the zip's form: APPNOTE.TXT 6.3.10; entries are stored, as weights do not compress.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from zipstream import ZIP_STORED, ZipStream

from lib.errors import InputError, StoreError
from lib.settings import package_version
from lib.store.datasets import Dataset
from lib.store.jobs import DONE
from lib.store.map_paths import MapKind
from lib.store.regular_file import open_regular_file, regular_files
from lib.store.runs import Run, RunRecord
from lib.store.workspace import Workspace
from lib.typed_json import build, typed

ARCHIVE_MANIFEST = "closer.json"
ARCHIVE_FORMAT = 1
DATASET_ROOT, RUN_ROOT = "dataset", "run"
"""The folders of a zip, as its names begin."""

_BLOCK_BYTES = 1 << 18


@dataclass(frozen=True)
class ArchivedFile:
    """A file of the zip: its SHA-256, hex, and its size."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class ArchivedDataset:
    """What the database knows of a dataset."""

    id: str
    name: str
    notes: str
    shape: str


@dataclass(frozen=True)
class ArchiveContent:
    """What a zip holds. closer: the version that wrote it; files: by name in the zip."""

    dataset: ArchivedDataset
    run: RunRecord | None
    closer: str = ""
    files: Mapping[str, ArchivedFile] = field(default_factory=dict)

    def to_text(self) -> str:
        """Write the manifest."""
        return json.dumps({"format": ARCHIVE_FORMAT, **asdict(self)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, stored: Any) -> ArchiveContent:
        """Read a manifest. Raises JsonError."""
        content: ArchiveContent = build(cls._from_json, stored)
        return content

    @classmethod
    def _from_json(cls, stored: dict[str, Any]) -> ArchiveContent:
        if stored["format"] != ARCHIVE_FORMAT:
            raise ValueError(f"format {stored['format']!r:.20}")
        return cls(
            dataset=typed(ArchivedDataset, stored["dataset"]),
            run=None if stored["run"] is None else typed(RunRecord, stored["run"]),
            closer=stored["closer"],
            files={name: typed(ArchivedFile, one) for name, one in stored["files"].items()},
        )


def find_archivable(workspace: Workspace, identity: str) -> Run | Dataset:
    """Look up a run, else a dataset, by its id. Raises InputError where there is neither."""
    for run in workspace.runs.all():
        if run.id == identity:
            return run
    for dataset in workspace.datasets.all():
        if dataset.id == identity:
            return dataset
    raise InputError(f"There is no run and no dataset {identity}.", todo="python -m lib runs lists the runs.")


def open_archive_stream(workspace: Workspace, item: Run | Dataset) -> ZipStream:
    """Open the zip of a run (with its dataset) or of a dataset, its length known, block by block.

    Raises InputError for a run that has not ended or has no model, StoreError from the iterator for a file that was replaced.
    """
    run = item if isinstance(item, Run) else None
    if run is not None and (run.state not in DONE or not run.model_dir.is_dir()):
        raise InputError(f"{run.name} has no finished model.", todo="Wait for its training, or choose another run.")
    dataset = workspace.datasets.get(item.dataset) if isinstance(item, Run) else item
    places = {f"{DATASET_ROOT}/{name}": (dataset.folder, name) for name, _ in regular_files(dataset.folder)}
    if run is not None:
        places |= {f"{RUN_ROOT}/{name}": (run.folder, name) for name in _shared_files(run)}
    files = {name: _describe(*place) for name, place in places.items()}
    content = ArchiveContent(_archived_dataset(dataset), _run_record(run) if run else None, package_version(), files)
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    archive.add(content.to_text().encode(), ARCHIVE_MANIFEST)
    for name, place in places.items():
        archive.add(_blocks(*place, files[name].bytes), name, size=files[name].bytes)
    return archive


def write_archive(workspace: Workspace, item: Run | Dataset, out: Path) -> int:
    """Write the zip to a file and give its bytes. Raises InputError and StoreError."""
    archive = open_archive_stream(workspace, item)
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            for block in archive:
                file.write(block)
        part.replace(out)
    except OSError as error:
        raise StoreError(
            f"{out.name} could not be written: {error.strerror or error}.", todo="Free some space."
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return len(archive)


def _shared_files(run: Run) -> Iterator[str]:
    """List the files of a run that another workspace needs."""
    paths = run.paths
    kept = {
        paths.checkpoints.name,
        paths.trainer.name,
        paths.file_vectors.name,
        paths.exports.name,
        paths.log.name,
        paths.trainer_state.name,
        paths.map_of(MapKind.ALL).folder.name,  # hundreds of megabytes that can be drawn again
    }
    for name, _ in regular_files(run.folder):
        parts = name.split("/")
        if parts[0] not in kept and not any(part.startswith(".") for part in parts):
            yield name


def _archived_dataset(dataset: Dataset) -> ArchivedDataset:
    return ArchivedDataset(dataset.id, dataset.name, dataset.notes, dataset.shape)


def _run_record(run: Run) -> RunRecord:
    headline = json.dumps(run.headline.to_json()) if run.headline else ""
    return RunRecord(
        run.id, run.name, run.note, run.model, run.recipe_text, headline, run.created, run.state, run.reason, run.spent
    )


def _describe(folder: Path, name: str) -> ArchivedFile:
    digest, size = hashlib.sha256(), 0
    with open_regular_file(folder, name) as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return ArchivedFile(digest.hexdigest(), size)


def _blocks(folder: Path, name: str, size: int) -> Iterator[bytes]:
    with open_regular_file(folder, name) as file:
        yield from read_blocks(file, size)


def read_blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """Read so many bytes in blocks."""
    while size and (block := file.read(min(size, _BLOCK_BYTES))):
        size -= len(block)
        yield block
