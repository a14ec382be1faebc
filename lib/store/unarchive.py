"""Open the zip of a run or dataset, which may be from anybody.

Every name, size and checksum is checked first: nothing of it is in the workspace before all of it is true to its manifest, and the dataset to its own id.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import uuid
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

from lib.errors import InputError, StoreError
from lib.format import format_bytes
from lib.recipe.recipe import Recipe
from lib.settings import MAX_MODEL_BYTES
from lib.shapes import Shape
from lib.store.archive import ARCHIVE_MANIFEST, DATASET_ROOT, RUN_ROOT, ArchiveContent, ArchivedFile, read_blocks
from lib.store.datasets import Dataset, content_id
from lib.store.headline import Headline
from lib.store.jobs import DONE
from lib.store.layout import DatasetPaths
from lib.store.names import folder_name
from lib.store.parquet import read_dataset_table
from lib.store.permission import must_be_editor
from lib.store.publish import TEMPORARY, verify
from lib.store.runs import Run
from lib.store.workspace import Workspace
from lib.typed_json import JsonError, parse_stored, read_stored, typed

MAX_MANIFEST_BYTES = 4_000_000
MAX_ENTRIES = 10_000
"""Files of an archive: a model folder has a few dozen, a run's snapshots one an epoch."""

_NAME = re.compile(rf"(?:{DATASET_ROOT}|{RUN_ROOT})(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{{0,199}}){{1,6}}")
"""Names of files that Closer writes: no part begins with a dot, so none leads up or is hidden."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def open_archive(workspace: Workspace, path: Path) -> Run | Dataset:
    """Take the zip's run, or its dataset, into the workspace.

    A dataset that is there already is the same one; a run that is there already is refused. Raises InputError that says
    what is wrong, StoreError where there is no room.
    """
    must_be_editor()
    try:
        with zipfile.ZipFile(path) as archive:
            content = read_content(archive)
            _check_room(content, workspace.home)
            if content.run is not None and _is_known(workspace, content.run.id):
                raise InputError(f"The run {content.run.id} is in this workspace already.", todo="Nothing was changed.")
            with _staging(workspace) as folder:
                for name, facts in content.files.items():
                    _extract(archive, name, facts, folder)
                return _adopt(workspace, content, folder)
    except InputError:
        raise
    except _DAMAGE as error:
        raise _damaged(str(error) or type(error).__name__) from error


def is_archive(path: Path) -> bool:
    """Check whether a file is a packed run or dataset by its first entry, the manifest."""
    try:
        with zipfile.ZipFile(path) as archive:
            return [entry.filename for entry in archive.infolist()[:1]] == [ARCHIVE_MANIFEST]
    except _DAMAGE:
        return False


def read_content(archive: zipfile.ZipFile) -> ArchiveContent:
    """Read the manifest, and check that the zip holds what it names and nothing else. Raises InputError."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _damaged(f"it has {len(entries):,} files, {MAX_ENTRIES:,} are the limit")
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names) or ARCHIVE_MANIFEST not in names:
        raise _damaged("it has no manifest, or a name twice")
    if any(entry.flag_bits & 1 or stat.S_ISLNK(entry.external_attr >> 16) for entry in entries):
        raise _damaged("it holds links or locked files")
    if archive.getinfo(ARCHIVE_MANIFEST).file_size > MAX_MANIFEST_BYTES:
        raise _damaged("its manifest is too large")
    with archive.open(ARCHIVE_MANIFEST) as file:
        text = file.read(MAX_MANIFEST_BYTES + 1)
    try:
        content = ArchiveContent.from_json(parse_stored(text))
    except JsonError as error:
        raise _damaged(f"its manifest cannot be read: {str(error)[:120]}") from error
    if set(content.files) != set(names) - {ARCHIVE_MANIFEST}:
        raise _damaged("it holds other files than its manifest names")
    for name, facts in content.files.items():
        if not _NAME.fullmatch(name) or archive.getinfo(name).file_size != facts.bytes:
            raise _damaged(f"a file of it has an odd name or size: {name[:80]!r}")
    return content


def _check_room(content: ArchiveContent, home: Path) -> None:
    size = sum(facts.bytes for facts in content.files.values())
    free = shutil.disk_usage(home).free
    if size > MAX_MODEL_BYTES:
        raise _damaged(f"it would unpack to {format_bytes(size)}")
    if size > free:
        raise StoreError(
            f"The file needs {format_bytes(size)}, {format_bytes(free)} are free.", todo="Free some space."
        )


@contextmanager
def _staging(workspace: Workspace) -> Iterator[Path]:
    """Hold a hidden folder beside the runs for the block."""
    folder = workspace.paths.runs / f"{TEMPORARY}{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _extract(archive: zipfile.ZipFile, name: str, facts: ArchivedFile, folder: Path) -> None:
    """Write a file of the zip, no byte more than stated. Raises InputError where its manifest lies."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as source, target.open("xb") as file:
        for block in read_blocks(source, facts.bytes):  # type: ignore[arg-type]
            digest.update(block)
            size += len(block)
            file.write(block)
    if size != facts.bytes or digest.hexdigest() != facts.sha256:
        raise _damaged(f"{name} is not what its manifest says")


def _adopt(workspace: Workspace, content: ArchiveContent, folder: Path) -> Run | Dataset:
    """Check dataset and run, then put them in place and into the database."""
    counts = _check_dataset(content, folder / DATASET_ROOT)
    run = content.run
    if run is not None:
        _check_run(content, folder / RUN_ROOT)
    known = content.dataset
    dataset = workspace.datasets.adopt(
        folder / DATASET_ROOT, known.id, name=known.name, notes=known.notes, shape=known.shape, counts=counts
    )
    if run is None:
        return dataset
    return workspace.runs.adopt(folder / RUN_ROOT, run, dataset=dataset.id)


def _check_dataset(content: ArchiveContent, folder: Path) -> dict[str, int]:
    """Check that the examples have the id that they claim, and count them by part. Raises InputError."""
    paths, known = DatasetPaths(folder), content.dataset
    try:
        shape = Shape(known.shape)
        frame = read_dataset_table(paths.examples)
        read_dataset_table(paths.left_out)
        typed(dict[str, object], read_stored(paths.facts))
        is_true = content_id(SimpleNamespace(shape=shape, frame=frame)) == known.id  # type: ignore[arg-type]
        counts = {str(part): int(count) for part, count in frame["part"].value_counts().items()}
    except (StoreError, JsonError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise _damaged(f"its dataset cannot be read: {str(error)[:120]}") from error
    if problems := verify(folder):
        raise _damaged(problems[0])
    if not is_true:
        raise _damaged("its examples are not those of the dataset that it names")
    return counts


def _check_run(content: ArchiveContent, folder: Path) -> None:
    """Check that the run has ended, its recipe is one and its folders are whole. Raises InputError."""
    run = content.run
    assert run is not None, "only called for a run"
    if run.state not in DONE or not re.fullmatch(r"[0-9a-f]{10}", run.id) or not _is_moment(run.created):
        raise _damaged("its run has not ended, or has an odd id or time")
    if run.headline and Headline.from_text(run.headline) is None:
        raise _damaged("its headline cannot be read")
    try:
        Recipe.from_text(run.recipe)
    except InputError as error:
        raise _damaged(f"its recipe cannot be read: {str(error)[:120]}") from error
    model = folder / folder_name(run.model)
    if not model.is_dir():
        raise _damaged("it has no model")
    for published in (model, *(path.parent for path in folder.rglob("MANIFEST.json"))):
        if problems := verify(published):
            raise _damaged(problems[0])


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False


def _is_known(workspace: Workspace, identity: str) -> bool:
    """Check for a run of this id: listed, deleted, or a folder that the list does not know."""
    runs = [*workspace.runs.all(), *workspace.runs.all(deleted=True)]
    return any(run.id == identity for run in runs) or identity in {path.name for path in workspace.paths.runs.glob("*")}


def _damaged(why: str) -> InputError:
    return InputError(
        f"This is no run or dataset of Closer that can be opened: {why}.",
        todo="Ask for the file again; nothing was changed.",
    )
