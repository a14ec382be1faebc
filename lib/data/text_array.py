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


class Texts(Sequence[str]):
    """Texts in Arrow's memory, of which some at a time become Python strings.

    A slice is a list of strings.
    """

    def text(self, row: int) -> str:
        """Look up the text of a row."""
        raise NotImplementedError

    def strings(self, begin: int, end: int) -> list[str]:
        """List the texts from begin up to end, both within the texts."""
        raise NotImplementedError

    def take(self, rows: np.ndarray) -> TextArray:
        """Take texts by row, (n,), as an array of their own."""
        raise NotImplementedError

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if not isinstance(at, slice):
            return self.text(range(len(self))[int(at)])
        begin, end, step = at.indices(len(self))
        return self.strings(begin, max(begin, end)) if step == 1 else list(self.pick(np.arange(begin, end, step)))

    def __iter__(self) -> Iterator[str]:
        for block in self.blocks():
            yield from block

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Texts, list)):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of any other sequence that compares by its values

    def blocks(self) -> Iterator[list[str]]:
        """Yield the texts in order, BLOCK_TEXTS at a time."""
        for begin in range(0, len(self), BLOCK_TEXTS):
            yield self.strings(begin, min(begin + BLOCK_TEXTS, len(self)))

    def pick(self, rows: np.ndarray) -> Iterator[str]:
        """Yield texts by row, (n,), without holding all of them."""
        for begin in range(0, len(rows), BLOCK_TEXTS):
            yield from _strings(self.take(rows[begin : begin + BLOCK_TEXTS]).array)

    def prefix(self, prompt: str) -> Texts:
        """Put a prompt before every text."""
        return self if not prompt else TextArray.of(prompt + text for text in self)


class TextArray(Texts):
    """Texts in an Arrow array of large strings without nulls."""

    def __init__(self, array: pa.ChunkedArray) -> None:
        self.array = array

    @classmethod
    def of(cls, texts: Iterable[str]) -> TextArray:
        """Make one of any texts, block by block; one that is such an array already stays the same."""
        if isinstance(texts, Texts):
            return texts if isinstance(texts, TextArray) else texts.take(np.arange(len(texts)))
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

    @classmethod
    def of_columns(cls, frame: pd.DataFrame, columns: Sequence[str]) -> TextArray:
        """Make one of the texts of several columns below each other, of the same memory."""
        chunks = [chunk for name in columns for chunk in cls.of_cells(frame[name]).array.chunks if len(chunk)]
        return cls(pa.chunked_array(chunks, pa.large_string()))

    def __len__(self) -> int:
        return len(self.array)

    def text(self, row: int) -> str:
        return str(self.array[row].as_py())

    def strings(self, begin: int, end: int) -> list[str]:
        return _strings(self.array.slice(begin, end - begin))

    def take(self, rows: np.ndarray) -> TextArray:
        blocks = [rows[begin : begin + BLOCK_TEXTS] for begin in range(0, len(rows), BLOCK_TEXTS)]
        return TextArray(pa.chunked_array([_take(self.array, block) for block in blocks], pa.large_string()))

    def byte_sizes(self) -> np.ndarray:
        """Count the bytes of each text in UTF-8: (n,) int64."""
        return np.asarray(compute.binary_length(self.array), dtype=np.int64)

    def to_cells(self) -> pd.Series:
        """Make a column of texts of the same memory."""
        return pd.Series(pd.array(self.array, dtype="str"))  # type: ignore[call-overload]


class PickedTexts(Texts):
    """Some rows (n,) of an array of texts, without a copy of them."""

    def __init__(self, whole: TextArray, rows: np.ndarray) -> None:
        self.whole, self.rows = whole, rows

    def __len__(self) -> int:
        return len(self.rows)

    def text(self, row: int) -> str:
        return self.whole.text(int(self.rows[row]))

    def strings(self, begin: int, end: int) -> list[str]:
        return _strings(self.whole.take(self.rows[begin:end]).array)

    def take(self, rows: np.ndarray) -> TextArray:
        return self.whole.take(self.rows[rows])


def as_texts(texts: Iterable[str]) -> Texts:
    """Pass texts in Arrow's memory through, and put others there."""
    return texts if isinstance(texts, Texts) else TextArray.of(texts)


def _take(array: pa.ChunkedArray, rows: np.ndarray) -> pa.Array:
    """Take some rows (n,) of an array, chunk by chunk.

    Arrow itself joins all chunks of strings first, which copies every text.
    """
    ends = np.cumsum([len(chunk) for chunk in array.chunks])
    owner = np.searchsorted(ends, rows, side="right")
    order = np.argsort(owner, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(owner[order])) + 1)
    chunks = [(array.chunk(int(owner[group[0]])), group) for group in groups]
    parts = [chunk.take(pa.array(rows[group] - (ends[owner[group[0]]] - len(chunk)))) for chunk, group in chunks]
    if len(parts) == 1:
        return parts[0]
    back = np.empty(len(rows), dtype=np.int64)
    back[order] = np.arange(len(rows))
    return pa.concat_arrays(parts).take(pa.array(back))


def _strings(array: pa.ChunkedArray) -> list[str]:
    """Convert a part to Python strings: by numpy, in a quarter of the time of to_pylist."""
    strings: list[str] = array.to_numpy().tolist()
    return strings


def text_codes(frame: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, Texts]:
    """Factorise the texts of all columns together: codes and the distinct texts that they index.

    codes: (rows, columns) int64, in order of first appearance, column by column. The distinct texts are rows of the
    frame's own memory: a dictionary would hold all of them a second time, and a third while it is made.
    """
    whole = TextArray.of_columns(frame, columns)
    codes = key_codes(whole, None)
    first = first_rows(codes)
    distinct = whole if len(first) == len(whole) else PickedTexts(whole, first)
    return codes.reshape(len(columns), len(frame)).T, distinct


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
        codes = pd.factorize(self._hashes[0])[0].astype(np.int64)
        first = first_rows(codes)
        for other in self._hashes[1:]:
            if not np.array_equal(other[first][codes], other):  # unequal keys share the first hash
                second = pd.factorize(other)[0].astype(np.int64)
                return pd.factorize(codes * (int(second.max(initial=0)) + 1) + second)[0].astype(np.int64)
        return codes


def key_codes(texts: Texts, key: Callable[[str], str] | None) -> np.ndarray:
    """Number texts by their key (n,) int64, in order of first appearance.

    key: None for the texts themselves.
    """
    hashes = KeyHashes(len(texts))
    for block in texts.blocks():
        hashes.add(block if key is None else [key(text) for text in block])
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


def take_rows(frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Take rows (n,) of a frame by number; the result is numbered from 0.

    pandas would copy all of its texts on the way.
    """
    taken = {
        name: TextArray.of_cells(cells).take(rows).to_cells() if cells.dtype == "str" else cells.take(rows).array
        for name, cells in frame.items()
    }
    return pd.DataFrame(taken, index=pd.RangeIndex(len(rows)), columns=frame.columns)
