"""Open files that lie inside a folder: regular ones only, and none by way of a link."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from lib.errors import StoreError

_FOLLOWS_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""Zero where the system has no such flag: there a link is looked for before the file is opened."""


def open_regular_file(folder: Path, name: str) -> BinaryIO:
    """Open a file of a folder for reading. name: relative, with forward slashes.

    Neither the folder nor a part of the name may be a link, and the file itself no pipe or device. Raises StoreError.
    """
    *parents, last = name.split("/")
    if any(part in ("", ".", "..") for part in (*parents, last)):
        raise _refusal(name)
    try:
        return _open_below(folder, parents, last) if os.open in os.supports_dir_fd else _open_unlinked(folder, name)
    except OSError as error:
        raise _refusal(name) from error


def regular_files(folder: Path) -> Iterator[tuple[str, int]]:
    """List name and size of each regular file below a folder, in order, following no link."""
    if folder.is_symlink():
        return
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not os.path.islink(os.path.join(base, one)))
        for name in sorted(names):
            path = Path(base) / name
            about = path.lstat()
            if stat.S_ISREG(about.st_mode):
                yield path.relative_to(folder).as_posix(), about.st_size


def must_hold_no_links(folder: Path) -> None:
    """Raise StoreError where anything below a folder is a link: what is written there could land anywhere."""
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if os.path.islink(path := os.path.join(base, name)):
                raise StoreError(
                    f"{os.path.relpath(path, folder)} is a link, and nothing is written by way of one.",
                    where=str(folder),
                    todo="Put the file itself there, or delete the run.",
                )


def must_be_own_files(paths: Iterable[Path]) -> None:
    """Raise StoreError where one of the paths is a link, a pipe or a device; missing ones are fine."""
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:  # SQLite's own files come and go
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise StoreError(
                f"{path.name} of the workspace is a link, a pipe or a device.",
                where=str(path.parent),
                todo="Put the file or folder itself there. To keep the workspace on another disk, set CLOSER_HOME.",
            )


def _open_below(folder: Path, parents: list[str], last: str) -> BinaryIO:
    """Go down from folder to folder.

    So nobody can put a link in the way between a check and the opening.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _FOLLOWS_NO_LINK)
    try:
        for part in parents:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | _FOLLOWS_NO_LINK, dir_fd=handle)
            os.close(handle)
            handle = below
        return _regular(os.open(last, os.O_RDONLY | os.O_NONBLOCK | _FOLLOWS_NO_LINK, dir_fd=handle), last)
    finally:
        os.close(handle)


def _open_unlinked(folder: Path, name: str) -> BinaryIO:
    path = folder / name
    if folder.is_symlink() or path.resolve() != folder.resolve() / name:
        raise _refusal(name)
    return _regular(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)), name)


def _regular(handle: int, name: str) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _refusal(name)
    return os.fdopen(handle, "rb")


def _refusal(name: str) -> StoreError:
    return StoreError(f"{name} is not a regular file of its folder.")
