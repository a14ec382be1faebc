"""Uploads on disk: the files as they came, and the draft of what a person has chosen about them so far."""

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

BLOCK = 1 << 20
ENDING = re.compile(r"(\.[a-z0-9]{1,10}){1,2}$")


@dataclass(frozen=True)
class Draft:
    """What was chosen for an upload: everything that a reload must bring back. Only JSON-able values."""

    options: dict[str, Any] = field(default_factory=dict)
    mapping: dict[str, Any] | None = None
    choices: dict[str, str] = field(default_factory=dict)
    validation: float | None = None
    held_out: float | None = None
    seed: int = 0
    corrections: list[dict[str, Any]] = field(default_factory=list)
    name: str = ""


@dataclass(frozen=True)
class Upload:
    """One upload: `names` as the person called the files, `files` where they lie; `held_out_names` likewise."""

    id: str
    folder: Path
    names: tuple[str, ...]
    files: tuple[Path, ...]
    own_held_out: Path | None = None

    @property
    def title(self) -> str:
        """Name a dataset made of it would have: the first file's, without its ending."""
        return re.sub(ENDING, "", self.names[0].lower()) and self.names[0].split(".")[0] or "Pasted text"

    def draft(self) -> Draft:
        """Return what was chosen so far; an unreadable draft counts as none."""
        try:
            return Draft(**json.loads(UploadPaths(self.folder).draft.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return Draft()

    def keep(self, draft: Draft) -> None:
        """Remember what was chosen."""
        _write(UploadPaths(self.folder).draft, asdict(draft))

    def change(self, **values: Any) -> Draft:
        """Change some of the draft and remember it."""
        before = self.draft()
        after = replace(before, **values)
        if after != before:
            self.keep(after)
        return after


def store_upload(home: Path, files: Iterable[tuple[str, IO[bytes]]]) -> Upload:
    """Write the files to a new folder under home/uploads before anything looks into them; raise InputError, StoreError."""
    identity = secrets.token_hex(8)
    folder = WorkspacePaths(home).uploads / identity
    try:
        folder.mkdir(parents=True)
        names = []
        for at, (name, stream) in enumerate(files):
            _copy(stream, folder / f"{at}{_ending(name)}", name)
            names.append(name)
        if not names:
            raise InputError("No file was given.", todo="Choose at least one.")
        _write(UploadPaths(folder).names, {"names": names})
    except (OSError, InputError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, InputError):
            raise
        raise StoreError(f"The upload could not be written: {error.strerror}.", todo="Free some space.") from error
    return load_upload(home, identity)


def load_upload(home: Path, identity: str) -> Upload:
    """Return an upload by id; raise NotFoundError where there is none (any more)."""
    folder = WorkspacePaths(home).uploads / identity
    if not re.fullmatch(r"[0-9a-f]{16}", identity) or not UploadPaths(folder).names.is_file():
        raise NotFoundError("This upload is not there any more.", todo="Choose the file again.")
    names = tuple(json.loads(UploadPaths(folder).names.read_text(encoding="utf-8"))["names"])
    files = tuple(folder / f"{at}{_ending(name)}" for at, name in enumerate(names))
    own = next(iter(sorted(folder.glob("held_out.*"))), None)
    return Upload(identity, folder, names, files, own)


def store_own_held_out(upload: Upload, name: str, stream: IO[bytes]) -> Upload:
    """Put a file of the person's own held-out examples beside the upload."""
    remove_own_held_out(upload)
    own = upload.folder / f"held_out{_ending(name)}"
    _copy(stream, own, name)
    return replace(upload, own_held_out=own)


def remove_own_held_out(upload: Upload) -> Upload:
    """Take the held-out file away again."""
    for old in upload.folder.glob("held_out.*"):
        old.unlink()
    return replace(upload, own_held_out=None)


def _copy(stream: IO[bytes], target: Path, name: str) -> None:
    """Write a stream in blocks; raise InputError where it is larger than the limit."""
    written = 0
    with target.open("wb") as file:
        while block := stream.read(BLOCK):
            written += len(block)
            if written > MAX_FILE_BYTES:
                raise InputError(
                    f"{name} is larger than {format_bytes(MAX_FILE_BYTES)}.", todo="Split it, or bring a part of it."
                )
            file.write(block)


def _ending(name: str) -> str:
    """Return the file's ending, only plain letters: no path is built from a person's text."""
    found = ENDING.search(name.lower())
    return found.group() if found else ".txt"


def _write(path: Path, values: Any) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
    part.replace(path)
