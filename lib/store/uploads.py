"""Uploads on disk: the files as they came, and the draft of the choices made about them so far."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from lib.errors import InputError, NotFoundError, StoreError
from lib.format import format_bytes
from lib.settings import MAX_FILE_BYTES
from lib.store.layout import UploadPaths, WorkspacePaths
from lib.store.permission import must_be_editor
from lib.store.publish import write_atomic
from lib.typed_json import JsonError, build, read_stored, typed

COPY_BLOCK_BYTES = 1 << 20
EXTENSION_PATTERN = re.compile(r"(\.[a-z0-9]{1,10}){1,2}$")


@dataclass(frozen=True)
class Draft:
    """The choices made for an upload, JSON-able, so that a reload brings them back.

    columns: the names of the columns that the mapping was made for, in order. unused: columns of which the person said
    that they are neither score nor class. keep_classes: none of the classes means the same.
    """

    options: dict[str, Any] = field(default_factory=dict)
    mapping: dict[str, Any] | None = None
    columns: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    keep_classes: bool = False
    choices: dict[str, str] = field(default_factory=dict)
    validation: float | None = None
    held_out: float | None = None
    seed: int = 0
    corrections: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Upload:
    """One upload: the names of its files, their stored paths, and its own held-out file.

    `names` as the person called the files, `files` where they are stored.
    """

    id: str
    folder: Path
    names: tuple[str, ...]
    files: tuple[Path, ...]
    own_held_out: Path | None = None

    @property
    def title(self) -> str:
        """The name offered for a dataset made of it: the first file's, without its extension."""
        return re.sub(EXTENSION_PATTERN, "", self.names[0].lower()) and self.names[0].split(".")[0] or "Pasted text"

    def draft(self) -> Draft:
        """Load the choices made so far.

        An unreadable draft counts as none, and what an older version wrote is skipped.
        """
        try:
            stored: Draft = typed(Draft, read_stored(UploadPaths(self.folder).draft))
        except (OSError, JsonError):
            return Draft()
        return stored

    def change(self, **values: Any) -> Draft:
        """Change some fields of the draft and save it."""
        must_be_editor()
        before = self.draft()
        after = replace(before, **values)
        if after != before:
            _write_json(UploadPaths(self.folder).draft, asdict(after))
        return after


def store_upload(home: Path, files: Iterable[tuple[str, IO[bytes]]]) -> Upload:
    """Store files in a new folder before they are read. Raises InputError and StoreError."""
    must_be_editor()
    identity = secrets.token_hex(8)
    folder = WorkspacePaths(home).uploads / identity
    try:
        folder.mkdir(parents=True)
        names = []
        for at, (name, stream) in enumerate(files):
            _copy(stream, folder / f"{at}{_extension(name)}", name)
            names.append(name)
        if not names:
            raise InputError("No file was given.", todo="Choose at least one.")
        _write_json(UploadPaths(folder).names, {"names": names})
    except (OSError, InputError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, InputError):
            raise
        raise StoreError(f"The upload could not be written: {error.strerror}.", todo="Free some disk space.") from error
    return load_upload(home, identity)


def load_upload(home: Path, identity: str) -> Upload:
    """Load an upload by id. Raises NotFoundError."""
    must_be_editor()
    folder = WorkspacePaths(home).uploads / identity
    names = _read_names(folder) if re.fullmatch(r"[0-9a-f]{16}", identity) else ()
    if not names:
        raise NotFoundError("This upload is not there any more.", todo="Choose the file again.")
    files = tuple(folder / f"{at}{_extension(name)}" for at, name in enumerate(names))
    own = next(iter(sorted(folder.glob("held_out.*"))), None)
    return Upload(identity, folder, names, files, own)


def _read_names(folder: Path) -> tuple[str, ...]:
    """Read the names of an upload's files; none where they are damaged or a file is gone."""
    try:
        names = build(lambda stored: typed(tuple[str, ...], stored["names"]), read_stored(UploadPaths(folder).names))
    except (OSError, JsonError):
        return ()
    files = [folder / f"{at}{_extension(name)}" for at, name in enumerate(names)]
    return tuple(names) if all(path.is_file() for path in files) else ()


def store_own_held_out(upload: Upload, name: str, stream: IO[bytes]) -> Upload:
    """Store a file of the person's own held-out examples with the upload."""
    must_be_editor()
    remove_own_held_out(upload)
    own = upload.folder / f"held_out{_extension(name)}"
    _copy(stream, own, name)
    return replace(upload, own_held_out=own)


def remove_own_held_out(upload: Upload) -> Upload:
    """Delete the stored held-out file."""
    must_be_editor()
    for old in upload.folder.glob("held_out.*"):
        old.unlink()
    return replace(upload, own_held_out=None)


def remove_upload(upload: Upload) -> None:
    """Remove an upload that nothing needs any more."""
    must_be_editor()
    shutil.rmtree(upload.folder, ignore_errors=True)


def _copy(stream: IO[bytes], target: Path, name: str) -> None:
    """Copy a stream in blocks. Raises InputError where it is larger than the limit."""
    written = 0
    with target.open("wb") as file:
        while block := stream.read(COPY_BLOCK_BYTES):
            written += len(block)
            if written > MAX_FILE_BYTES:
                raise InputError(
                    f"{name} is larger than {format_bytes(MAX_FILE_BYTES)}.", todo="Split it, or upload a part of it."
                )
            file.write(block)


def _extension(name: str) -> str:
    """Extract a name's extension if it is plain letters and digits: no path is built from a person's text."""
    match = EXTENSION_PATTERN.search(name.lower())
    return match.group() if match else ".txt"


def _write_json(path: Path, values: Any) -> None:
    write_atomic(path, json.dumps(values, ensure_ascii=False))
