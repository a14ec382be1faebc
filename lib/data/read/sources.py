"""The files that one reading takes: a path, a folder, or the files in a zip, each with its name.

A zip is read in memory, file by file: nothing of it is written, so that the paths in it lead nowhere.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lib.data.read.excel_book import BOMB_BYTES, BOMB_RATIO, is_xlsx
from lib.data.read.file_bytes import read_bytes, unpack_bytes
from lib.errors import InputError
from lib.format import format_bytes, format_count
from lib.settings import MAX_ARCHIVE_FILES, MAX_FILE_BYTES

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
"""First bytes of a zip, and of one without a file."""
OFFICE_MEMBERS = frozenset(("[Content_Types].xml", "META-INF/manifest.xml"))
"""Files by which a zip is one office document, of Microsoft or OpenDocument."""
TABLE_SUFFIXES = frozenset(
    (".csv", ".tsv", ".txt", ".tab", ".xlsx", ".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".gz")
)
"""Files of a folder or zip that are read; all others are named."""
DESCRIPTIONS = frozenset(
    ("state.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "metadata.json", "package.json")
)
"""Files beside the data of a saved dataset that describe it."""
SAVED_DATASET = frozenset(("state.json", "dataset_dict.json"))
"""Files by which a folder that Hugging Face's `datasets` saved (`save_to_disk`) is recognised."""


@dataclass(frozen=True)
class SourceFile:
    """One file: its name, with the folders above it in a folder or zip, and what loads its bytes."""

    name: str
    load: Callable[[], bytes]


@dataclass(frozen=True)
class SourceFiles:
    """The files to read, the names of those left aside, and whether `datasets` saved them."""

    files: list[SourceFile]
    others: list[str]
    is_saved_dataset: bool = False
    is_bundle: bool = False
    """Whether they were in a folder or a zip, rather than chosen one by one."""


def list_sources(paths: Sequence[Path], names: Sequence[str] = ()) -> SourceFiles:
    """List the files of the paths. names: what people call them, where the paths are not called so.

    Raises InputError: a folder or zip without a table in it, too many files, a zip that is damaged or unpacks to too much.
    """
    found: list[SourceFile] = []
    bundles = 0
    for path, name in zip(paths, names or [path.name for path in paths], strict=True):
        members = _list_folder(path) if path.is_dir() else _list_zip(path, name)
        bundles += members is not None
        found += [SourceFile(name, _loader(path))] if members is None else members
    return _sort_out(found, ", ".join(names or [path.name for path in paths])) if bundles else SourceFiles(found, [])


def original_files(paths: Sequence[Path]) -> list[Path]:
    """List the files of the paths themselves: of a folder, those that are read."""
    files = []
    for path in paths:
        below = {file.relative_to(path).as_posix(): file for file in _walk(path)} if path.is_dir() else {}
        files += [below[file.name] for file in list_sources([path]).files] if below else [path]
    return files


def _loader(path: Path) -> Callable[[], bytes]:
    return lambda: read_bytes(path)


def _sort_out(files: Sequence[SourceFile], where: str) -> SourceFiles:
    """Separate tables from descriptions and other files. Raises InputError without a table."""
    own = {PurePosixPath(file.name).name for file in files}
    saved = bool(own & SAVED_DATASET)
    tables = [file for file in files if _is_table(file.name, saved=saved)]
    known = DESCRIPTIONS if saved else DESCRIPTIONS - {"package.json", "metadata.json"}
    others = [file.name for file in files if file not in tables and PurePosixPath(file.name).name not in known]
    if not tables:
        raise InputError(
            f"There is no table among the {format_count(len(files), 'file')} in it ({', '.join(others[:5])}).",
            where=where,
            todo="Put the files with your examples into it.",
        )
    return SourceFiles(tables, others, saved, is_bundle=True)


def _is_table(name: str, *, saved: bool) -> bool:
    path = PurePosixPath(name)
    if saved:
        return path.suffix == ".arrow" and not path.name.startswith("cache-")
    return path.suffix.casefold() in TABLE_SUFFIXES and path.name not in DESCRIPTIONS and not _is_notice(path)


def _is_notice(path: PurePosixPath) -> bool:
    """Check for a text file that comes with data without being data."""
    return path.suffix == ".txt" and path.stem.casefold() in ("readme", "license", "licence", "notice", "citation")


def _is_hidden(name: str) -> bool:
    """Check for what systems add to folders: .DS_Store, __MACOSX, .git, .cache."""
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _list_folder(folder: Path) -> list[SourceFile]:
    """List the regular files of a folder and those below it, by name. Raises InputError for too many."""
    found = []
    for path in _walk(folder):
        found.append(SourceFile(path.relative_to(folder).as_posix(), _loader(path)))
        _check_count(len(found), folder.name)
    return sorted(found, key=lambda file: file.name)


def _walk(folder: Path) -> Iterator[Path]:
    """Walk over the files below a folder, into no link to a folder."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        elif path.is_file():
            yield path


def _list_zip(path: Path, name: str) -> list[SourceFile] | None:
    """List the files in a zip, by name; None for any other file.

    Raises InputError for one that is damaged, locked or too large.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) not in ZIP_STARTS:
                return None
        with zipfile.ZipFile(path) as archive:
            members = [
                item
                for item in archive.infolist()
                if item.filename and not item.is_dir() and not _is_hidden(clean_member_name(item.filename))
            ]
        if any(item.filename in OFFICE_MEMBERS for item in members):
            return None
    except OSError:
        return None  # reading says why
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        if is_xlsx(path.read_bytes()):
            return None
        raise InputError(
            f"The ZIP archive is cut off or damaged ({error}).", where=name, todo="Copy or download it again."
        ) from error
    _check_zip(members, path.stat().st_size, name)
    regular = [item for item in members if not stat.S_ISLNK(item.external_attr >> 16)]
    found = [SourceFile(clean_member_name(item.filename), _member_loader(path, item)) for item in regular]
    return sorted(found, key=lambda file: file.name)


def clean_member_name(name: str) -> str:
    """Write the name of a file in a zip without a drive, a root and steps upwards: it is only ever shown."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", ".")]
    return "/".join(part for part in parts if not part.endswith(":")) or "file"


def _check_zip(members: Sequence[zipfile.ZipInfo], size: int, name: str) -> None:
    """Raise InputError for a zip with a password, of too many files, or of more bytes than the limit."""
    _check_count(len(members), name)
    if any(item.flag_bits & 1 for item in members):
        raise InputError(
            "The ZIP archive is password-protected.", where=name, todo="Pack it without a password, and upload that."
        )
    total = sum(item.file_size for item in members)
    if total > MAX_FILE_BYTES or (total > BOMB_BYTES and total > BOMB_RATIO * size):
        raise InputError(
            f"The ZIP archive would unpack to {format_bytes(total)}, {total // max(1, size)} times its size.",
            where=name,
            todo="Upload the files in it, or a part of them.",
        )


def _check_count(count: int, name: str) -> None:
    if count > MAX_ARCHIVE_FILES:
        raise InputError(
            f"There are more than {MAX_ARCHIVE_FILES:,} files in it.", where=name, todo="Keep those with examples."
        )


def _member_loader(path: Path, item: zipfile.ZipInfo) -> Callable[[], bytes]:
    """Make what reads one file of a zip, up to the size that the zip states, and checks it."""

    def load() -> bytes:
        try:
            with zipfile.ZipFile(path) as archive, archive.open(item) as file:
                data = file.read(item.file_size + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
            OSError,
            ValueError,
        ) as error:
            raise InputError(
                f"The ZIP archive is damaged ({error}).", where=item.filename[:200], todo="Copy or download it again."
            ) from error
        return unpack_bytes(data)

    return load
