"""Publish folders atomically: written beside the target, synced, sealed with a manifest, renamed."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lib.errors import StoreError
from lib.store.permission import must_be_editor
from lib.typed_json import JsonError, build, read_stored, typed

MANIFEST = "MANIFEST.json"
TEMPORARY = ".part-"
"""Prefix of what is being written."""

REPLACED = ".old-"
"""Prefix of a folder that a newer one replaces; `recover` brings it back where the newer one never came."""

REMOVED = ".removed-"
"""Prefix of a folder that is being removed for good; nothing reads it again."""


@contextmanager
def publish(final: Path) -> Iterator[Path]:
    """Hold an empty folder beside `final` for the block; sealed at a good end, it replaces what was there.

    A kill at any moment leaves either the old folder or the new one, and at most leftovers that `leftovers` finds.
    Raises StoreError when the disk is full or refuses to write.
    """
    must_be_editor()
    final.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(final, TEMPORARY)
    try:
        part.mkdir()
        yield part
        seal(part)
        put_in_place(part, final)
    except OSError as error:
        raise StoreError(
            f"{final.name} could not be written: {error.strerror or error}.",
            todo="Free some disk space or check the folder's permissions, then try again.",
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def seal(folder: Path) -> None:
    """Sync every file, then write the manifest with the sha256 and size of each, last."""
    files = {name: describe(folder / name) for name in file_names(folder)}
    for name in files:
        sync(folder / name)
    write_synced(folder / MANIFEST, json.dumps({"files": files}, indent=1, sort_keys=True))
    sync(folder)


def amend(folder: Path, name: str, text: str) -> None:
    """Replace one text file of a published folder, and its line in the manifest.

    A kill between the two leaves a folder whose check names this file; amending it again mends that.
    Raises StoreError where the manifest is damaged.
    """
    for part in leftovers(folder):
        remove(part)
    write_atomic(folder / name, text)
    try:
        files = _listed_files(folder)
    except (OSError, JsonError) as error:
        raise StoreError("The list of its files cannot be read.", where=str(folder / MANIFEST)) from error
    files[name] = describe(folder / name)
    write_atomic(folder / MANIFEST, json.dumps({"files": files}, indent=1, sort_keys=True))


def put_in_place(part: Path, final: Path) -> None:
    """Rename the sealed folder over the final place; an older one is moved aside first and removed after."""
    if final.exists():
        _remove_replaced(final)  # what an earlier kill left is older still: `recover` must not find it
        final.rename(_beside(final, REPLACED))
    part.rename(final)
    sync(final.parent)
    _remove_replaced(final)


def remove_published(folder: Path) -> None:
    """Remove a published folder for good.

    It is renamed first, so that a kill never leaves half of it under its name. One that is gone already is fine; one that cannot be renamed (a file of it is open on Windows) stays whole.
    """
    if not folder.exists():
        return
    _remove_replaced(folder)
    aside = _beside(folder, REMOVED)
    with suppress(OSError):
        folder.rename(aside)
        sync(folder.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _beside(folder: Path, prefix: str) -> Path:
    """Make up a new hidden name beside a folder."""
    return folder.with_name(f"{prefix}{folder.name}-{uuid.uuid4().hex[:8]}")


def _replaced_folders(final: Path) -> list[Path]:
    """List the older folders that were moved aside for `final`."""
    return sorted(final.parent.glob(f"{REPLACED}{glob.escape(final.name)}-{'?' * 8}"))


def _remove_replaced(final: Path) -> None:
    for old in _replaced_folders(final):
        shutil.rmtree(old, ignore_errors=True)


def verify(folder: Path) -> list[str]:
    """Verify a published folder: one line for each missing, changed or extra file."""
    try:
        files = _listed_files(folder)
    except (OSError, JsonError) as error:
        return [f"{folder.name}: its manifest cannot be read ({type(error).__name__})"]
    there = set(file_names(folder))
    problems = [f"{folder.name}/{name}: missing" for name in sorted(set(files) - there)]
    problems += [f"{folder.name}/{name}: not in the manifest" for name in sorted(there - set(files))]
    problems += [
        f"{folder.name}/{name}: changed since it was written"
        for name in sorted(there & set(files))
        if describe(folder / name) != files[name]
    ]
    return problems


def _listed_files(folder: Path) -> dict[str, dict[str, object]]:
    """Read the manifest: name -> what `describe` gave. Raises OSError and JsonError."""
    return build(lambda stored: typed(dict[str, dict[str, Any]], stored["files"]), read_stored(folder / MANIFEST))


def recover(final: Path) -> None:
    """Bring back the older folder when a kill fell between the two renames of `put_in_place`."""
    if final.exists():
        return
    for old in _replaced_folders(final):
        if not verify(old):
            old.rename(final)
            return


def leftovers(folder: Path, *, deep: bool = False) -> list[Path]:
    """Find what kills left in a folder: unfinished, replaced or removed (deep: in those below it too)."""
    rest: list[Path] = []
    for base, folders, names in os.walk(folder):
        parts = [name for name in (*folders, *names) if name.startswith((TEMPORARY, REPLACED, REMOVED))]
        rest += [Path(base) / name for name in parts]
        folders[:] = [name for name in folders if name not in parts] if deep else []
    return sorted(rest)


def remove(path: Path) -> None:
    """Remove a leftover, file or folder; one that is gone already is fine."""
    must_be_editor()
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def file_names(folder: Path) -> list[str]:
    """List the files of a folder except its manifest: sorted relative names with forward slashes."""
    names = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return sorted(name for name in names if name != MANIFEST)


def describe(path: Path) -> dict[str, object]:
    """Compute sha256 and size in bytes of one file."""
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def write_synced(path: Path, text: str) -> None:
    """Write a small text file and sync it to the disk before returning."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_atomic(path: Path, text: str) -> None:
    """Replace a small text file in one step: a reader sees the old text or the new one."""
    with replace_file(path) as part:
        part.write_text(text, encoding="utf-8")


@contextmanager
def replace_file(final: Path) -> Iterator[Path]:
    """Yield a new file beside `final`, which replaces it at a good end of the block, synced."""
    must_be_editor()
    part = final.with_name(f"{TEMPORARY}{uuid.uuid4().hex[:8]}-{final.name}")  # the ending stays: np.save adds its own
    try:
        yield part
        sync(part)
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Sync one file or folder to the disk; Windows syncs only what is open for writing, and no folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def size_of(folder: Path) -> int:
    """Sum the bytes of a folder's files."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(base, name)).st_size
            except FileNotFoundError:  # a worker may be replacing it
                continue
    return total
