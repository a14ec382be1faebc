"""Files and folders by path or URL: of this machine, or of a store that pyarrow or fsspec knows.

pyarrow itself reads s3:// and gs://, with credentials from the environment or the machine's role, as those stores' own tools do.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from lib.errors import InputError, StoreError
from lib.store.publish import replace_file

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")
"""How a URL begins; one letter and a colon are a drive of Windows."""

_CREDENTIALS = re.compile(
    r"://[^/?#@]*:[^/?#@]*@|[?&][^=&]*(?:key|secret|token|password|signature|sig)=", re.IGNORECASE
)
"""What a URL must not hold: URLs stand in files, lists and logs."""

_LONGEST_REASON = 160
"""Characters of a library's own words in an error."""


@dataclass(frozen=True)
class Location:
    """A file or folder.

    text: its path or URL as a person wrote it; parameters of a URL hold for what lies below it too.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def is_url(self) -> bool:
        """Whether it is a URL rather than a path."""
        return bool(_URL.match(self.text))

    @property
    def is_local(self) -> bool:
        """Whether it lies on this machine, or where this machine has mounted it."""
        return not self.is_url or self.text.lower().startswith("file://")

    @property
    def name(self) -> str:
        """Its last part, without a slash after it."""
        return PurePosixPath(self._base.replace("\\", "/")).name

    @property
    def suffix(self) -> str:
        """The ending of its name, in small letters, with the dot."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def _base(self) -> str:
        return self.text.partition("?")[0] if self.is_url else self.text

    def child(self, name: str) -> Location:
        """Build the location of what lies below this folder."""
        return Location(f"{self._base.rstrip('/')}/{name}{self.text[len(self._base) :]}")

    def absolute(self) -> Location:
        """Build the same location for a process that works in another folder."""
        return self if self.is_url else Location(str(Path(self.text).expanduser().absolute()))

    def local_path(self) -> Path:
        """Find the path of a local one."""
        return Path(self._open()[1])

    def files(self, suffix: str) -> list[Location]:
        """List the files of this ending right in this folder, by name; of a file only itself."""
        from pyarrow.fs import FileSelector, FileType

        with self._named_errors("read"):
            if self.is_file():
                return [self]
            system, path = self._open()
            listed = system.get_file_info(FileSelector(path, allow_not_found=True))
        names = [one.base_name for one in listed if one.type is FileType.File and one.base_name.endswith(suffix)]
        return [self.child(name) for name in sorted(names) if not name.startswith(".")]

    def is_file(self) -> bool:
        """Check whether it is a file that is there. Raises StoreError."""
        from pyarrow.fs import FileType

        with self._named_errors("read"):
            system, path = self._open()
            return bool(system.get_file_info(path).type is FileType.File)

    def stamps(self) -> dict[str, tuple[int, int]]:
        """List the files of this folder and below it: name to bytes and time of change, ns."""
        from pyarrow.fs import FileSelector, FileType

        with self._named_errors("read"):
            system, path = self._open()
            listed = system.get_file_info(FileSelector(path, allow_not_found=True, recursive=True))
        files = [one for one in listed if one.type is FileType.File]
        root = PurePosixPath(path)
        return {
            PurePosixPath(one.path).relative_to(root).as_posix(): (int(one.size), int(one.mtime_ns or 0))
            for one in sorted(files, key=lambda one: one.path)
        }

    @contextmanager
    def open_input(self) -> Iterator[Any]:
        """Open the file for the block, to be read at any place. Raises InputError and StoreError."""
        with self._named_errors("read"):
            system, path = self._open()
            file = system.open_input_file(path)
        with file:
            yield file

    def read_text(self) -> str:
        """Read a small text file. Raises InputError where it is not there, StoreError."""
        with self.open_input() as file, self._named_errors("read"):
            return bytes(file.read()).decode("utf-8")

    @contextmanager
    def replace(self) -> Iterator[Path]:
        """Yield a local file to write, which takes this place at a good end of the block, whole.

        Folders above it are made. Raises StoreError.
        """
        if self.is_local:
            with self._named_errors("written"):
                path = self.local_path()
                path.parent.mkdir(parents=True, exist_ok=True)
                with replace_file(path) as part:
                    yield part
            return
        with tempfile.TemporaryDirectory(prefix="closer-upload-") as folder:
            part = Path(folder) / self.name
            yield part
            with self._named_errors("written"):
                self._upload(part)

    def write_text(self, text: str) -> None:
        """Replace a small text file in one step. Raises StoreError."""
        with self.replace() as part:
            part.write_text(text, encoding="utf-8")

    def download(self, names: Iterable[str], folder: Path) -> None:
        """Copy files of this folder, by relative name, into a local one. Raises InputError and StoreError."""
        from pyarrow.fs import LocalFileSystem, copy_files

        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with self.child(name)._named_errors("read"):
                system, path = self._open()
                copy_files(
                    f"{path}/{name}", str(target), source_filesystem=system, destination_filesystem=LocalFileSystem()
                )

    def _upload(self, file: Path) -> None:
        from pyarrow.fs import LocalFileSystem, copy_files

        system, path = self._open()
        copy_files(str(file), path, source_filesystem=LocalFileSystem(), destination_filesystem=system)

    def _open(self) -> tuple[FileSystem, str]:
        """Find the file system and the path on it. Raises InputError for a URL that cannot be used."""
        from pyarrow.fs import LocalFileSystem

        if not self.is_url:
            return LocalFileSystem(), str(Path(self.text).expanduser().absolute())
        if _CREDENTIALS.search(self.text):
            raise InputError(
                "A URL with a password, key or token is not taken: it would stand in files and logs.",
                todo="Set the credentials in the environment, as the store's own tools read them.",
            )
        return _open_url(self.text)

    @contextmanager
    def _named_errors(self, done: str) -> Iterator[None]:
        """Name what a library raises. done: read or written."""
        try:
            yield
        except FileNotFoundError as error:
            raise InputError(f"There is no {self.text}.", todo="Check the path or URL.") from error
        except OSError as error:
            reason = str(error.strerror or error)[:_LONGEST_REASON]
            raise StoreError(f"{self.text} could not be {done}: {reason}.") from error


def _open_url(url: str) -> tuple[FileSystem, str]:
    """Open the file system of a URL: pyarrow's own, else that of an installed package of fsspec."""
    import fsspec
    from pyarrow import ArrowInvalid
    from pyarrow.fs import FileSystem, FSSpecHandler, PyFileSystem

    try:
        system, path = FileSystem.from_uri(url)
        return system, path.rstrip("/")
    except ArrowInvalid as error:
        if "Unrecognized filesystem type" not in str(error):
            raise InputError(f"{url} is no URL that can be used: {str(error)[:_LONGEST_REASON]}") from error
    try:
        found, path = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise InputError(f"{url} cannot be opened: {str(error)[:_LONGEST_REASON]}") from error
    return PyFileSystem(FSSpecHandler(found)), path.rstrip("/")


def shared_folders(*locations: Location) -> list[str]:
    """List the local ones that are there: other machines have to see the same."""
    paths = [location.local_path() for location in locations if location.is_local]
    return [str(path) for path in paths if path.exists()]
