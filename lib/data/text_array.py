"""Texts as one Arrow array: a third of the memory of Python strings, which are made block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import eq
from typing import overload

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

BLOCK_TEXTS = 50_000
"""Texts that are Python strings at once."""

HASH_SECRETS = ("normalised-text1", "normalised-text2")
"""Keys of the two hashes that stand for a normalised text, 16 bytes each."""


class TextArray(Sequence[str]):
    """Texts in an Arrow array of large strings without nulls. A slice is a list of strings."""

    def __init__(self, array: pa.ChunkedArray) -> None:
        self.array = array

    @classmethod
    def of(cls, texts: Iterable[str]) -> TextArray:
        """Make one of any texts, block by block; one that is such an array already stays the same."""
        if isinstance(texts, TextArray):
            return texts
        if isinstance(texts, pd.Series):
            return cls.of_cells(texts)
        rest = iter(texts)
        blocks = iter(lambda: list(islice(rest, BLOCK_TEXTS)), [])
        return cls(pa.chunked_array([pa.array(block, pa.large_string()) for block in blocks], pa.large_string()))

    @classmethod
    def of_cells(cls, cells: pd.Series) -> TextArray:
        """Make one of a column of texts: the same memory where pandas holds them as Arrow does."""
        if cells.dtype != "str":
            return cls.of(cells.tolist())
        array = pa.array(cells.array)
        chunked = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
        return cls(chunked.cast(pa.large_string()))

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if not isinstance(at, slice):
            return str(self.array[int(at)].as_py())
        begin, end, step = at.indices(len(self))
        if step == 1:
            return _strings(self.array.slice(begin, max(0, end - begin)))
        return list(self.pick(np.arange(begin, end, step)))

    def __iter__(self) -> Iterator[str]:
        for block in self.blocks():
            yield from block

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TextArray):
            return bool(self.array.equals(other.array))
        return len(self) == len(other) and all(map(eq, self, other)) if isinstance(other, list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of any other sequence that compares by its values

    def blocks(self) -> Iterator[list[str]]:
        """Yield the texts in order, BLOCK_TEXTS at a time."""
        for begin in range(0, len(self), BLOCK_TEXTS):
            yield self[begin : begin + BLOCK_TEXTS]

    def take(self, rows: np.ndarray) -> TextArray:
        """Take texts by row, (n,), as an array of their own."""
        return TextArray(self.array.take(pa.array(rows)))

    def pick(self, rows: np.ndarray) -> Iterator[str]:
        """Yield texts by row, (n,), without holding all of them."""
        for begin in range(0, len(rows), BLOCK_TEXTS):
            yield from _strings(self.array.take(pa.array(rows[begin : begin + BLOCK_TEXTS])))

    def prefix(self, prompt: str) -> TextArray:
        """Put a prompt before every text."""
        if not prompt:
            return self
        parts = (pa.scalar(prompt, pa.large_string()), self.array, pa.scalar("", pa.large_string()))
        return TextArray(compute.binary_join_element_wise(*parts))

    def byte_sizes(self) -> np.ndarray:
        """Count the bytes of each text in UTF-8: (n,) int64."""
        return np.asarray(compute.binary_length(self.array), dtype=np.int64)

    def to_cells(self) -> pd.Series:
        """Make a column of texts of the same memory."""
        return pd.Series(pd.array(self.array, dtype="str"))  # type: ignore[call-overload]


def _strings(array: pa.ChunkedArray) -> list[str]:
    """Convert a part to Python strings: by numpy, in a quarter of the time of to_pylist."""
    strings: list[str] = array.to_numpy().tolist()
    return strings


def text_codes(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, TextArray]:
    """Factorise the texts of all columns together: codes and the distinct texts that they index.

    codes: (rows, columns) int64, in order of first appearance, column by column.
    """
    chunks = [chunk for name in columns for chunk in TextArray.of_cells(frame[name]).array.chunks if len(chunk)]
    encoded = pa.chunked_array(chunks, pa.large_string()).dictionary_encode().chunks
    if not encoded:
        return np.zeros((0, len(columns)), dtype=np.int64), TextArray.of([])
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in encoded]).astype(np.int64)
    return codes.reshape(len(columns), len(frame)).T, TextArray(pa.chunked_array([encoded[-1].dictionary]))


class KeyHashes:
    """Numbers for keys of texts, equal for equal keys, without holding the keys.

    A key is stood for by two 64-bit hashes with different secrets (SipHash, Aumasson and Bernstein 2012): that two of n
    different keys share both has a probability of about n^2 / 2^129, 10^-25 of ten million.
    """

    def __init__(self, count: int) -> None:
        self._hashes = np.zeros((len(HASH_SECRETS), count), dtype=np.uint64)
        self._filled = 0

    def add(self, keys: Sequence[str]) -> None:
        """Add the next keys."""
        values, end = np.array(keys, dtype=object), self._filled + len(keys)
        for row, secret in zip(self._hashes, HASH_SECRETS, strict=True):
            row[self._filled : end] = pd.util.hash_array(values, hash_key=secret, categorize=False)
        self._filled = end

    def codes(self) -> np.ndarray:
        """Number the keys (n,) int64, in order of first appearance."""
        first, second = (pd.factorize(row)[0].astype(np.int64) for row in self._hashes)
        return pd.factorize(first * (int(second.max(initial=0)) + 1) + second)[0].astype(np.int64)


def key_codes(texts: TextArray, key: Callable[[str], str]) -> np.ndarray:
    """Number texts by their key (n,) int64, in order of first appearance."""
    hashes = KeyHashes(len(texts))
    for block in texts.blocks():
        hashes.add([key(text) for text in block])
    return hashes.codes()


def first_rows(codes: np.ndarray) -> np.ndarray:
    """Find the first row of each code; codes: (n,), numbered in order of first appearance."""
    first = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first


def as_cells(cells: pd.Series) -> pd.Series:
    """Make a column of texts of another column; one of texts keeps its memory."""
    if cells.dtype == "str":
        return cells.reset_index(drop=True)
    return pd.Series(cells.to_numpy(dtype=object), dtype="str")
