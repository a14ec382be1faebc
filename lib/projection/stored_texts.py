"""Texts in one file, mapped into memory: any of half a million is read without the others."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from lib.errors import StoreError
from lib.store.map_paths import MapPaths
from lib.store.regular_file import open_regular_file


class StoredTexts(Sequence[str]):
    """The texts of a map of all texts, by id."""

    def __init__(self, content: bytes | mmap.mmap, ends: np.ndarray) -> None:
        self._content, self._ends = content, ends

    @classmethod
    def open(cls, paths: MapPaths) -> StoredTexts:
        """Map the texts of a map. Raises StoreError where they are damaged or links."""
        content, ends = (_map_file(path) for path in (paths.texts, paths.text_ends))
        if len(ends) % 8:
            raise _damage()
        numbers = np.frombuffer(ends, "<i8")
        if (int(numbers[-1]) if len(numbers) else 0) != len(content) or (np.diff(numbers, prepend=0) < 0).any():
            raise _damage()
        return cls(content, numbers)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, number: int) -> str: ...

    @overload
    def __getitem__(self, number: slice) -> list[str]: ...

    def __getitem__(self, number: int | slice) -> str | list[str]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        at = int(number) + (len(self) if number < 0 else 0)
        if not 0 <= at < len(self):
            raise IndexError(number)
        begin = int(self._ends[at - 1]) if at else 0
        return self._content[begin : int(self._ends[at])].decode("utf-8", "replace")


def _map_file(path: Path) -> bytes | mmap.mmap:
    with open_regular_file(path.parent, path.name) as file:
        if not path.stat().st_size:
            return b""  # nothing can be mapped
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _damage() -> StoreError:
    return StoreError("The texts of this map cannot be read.", todo="Draw it again.")


def write_stored_texts(paths: MapPaths, texts: Sequence[str]) -> None:
    """Write texts to the files of a map; lone surrogates become question marks."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    paths.text_ends.write_bytes(np.cumsum([len(one) for one in encoded], dtype="<i8").tobytes())
    paths.texts.write_bytes(b"".join(encoded))
