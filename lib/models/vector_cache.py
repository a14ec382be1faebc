"""Cache of embeddings: each distinct text is encoded once per model.

Vectors are stored by the text's hash in immutable segments.

    <home>/embeddings/<fingerprint>/<segment>/keys.npy rows.npy check.json

A segment is published, so a kill leaves a whole one or none; one that doesn't match its checksum is passed over and encoded
again. A lock that the kernel holds lets one process at a time encode for a model.
"""

from __future__ import annotations

import hashlib
import json
import uuid
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from lib.progress import Progress, Silent
from lib.store.layout import VECTOR_LOCK, WorkspacePaths
from lib.store.publish import leftovers, publish, remove, remove_published
from lib.typed_json import read_stored
from lib.vectors import empty_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

KEY_BYTES = 32
TEXTS_PER_SEGMENT = 2_048
"""Texts that are encoded and published at once: what a kill can lose."""
MOST_SEGMENTS = 48
"""Above this many a model's segments are merged into one."""


def key_of(text: str) -> bytes:
    """Compute the text's SHA-256 over UTF-8 (lone surrogates kept)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class EmbeddingCache:
    """The embeddings of a workspace, by model fingerprint and text."""

    def __init__(self, home: Path) -> None:
        self.folder = WorkspacePaths(home).vectors

    def embed(
        self, model: SentenceTransformer, texts: Sequence[str], *, fingerprint: str, progress: Progress | None = None
    ) -> np.ndarray:
        """Embed texts, (len(texts), dimension) float32; only those that are not in the cache are encoded."""
        progress = progress or Silent()
        store = VectorStore(self.folder / fingerprint)
        keys = {text: key_of(text) for text in texts}
        distinct = list(keys)
        for begin in range(0, len(distinct), TEXTS_PER_SEGMENT):
            progress.check()
            store.ensure(model, {text: keys[text] for text in distinct[begin : begin + TEXTS_PER_SEGMENT]})
            progress.advance(min(begin + TEXTS_PER_SEGMENT, len(distinct)), len(distinct))
        return store.get([keys[text] for text in texts], dimension=int(model.get_embedding_dimension() or 0))

    def count_known(self, texts: Sequence[str], *, fingerprint: str) -> int:
        """Count the distinct texts that are already encoded."""
        store = VectorStore(self.folder / fingerprint)
        return sum(key_of(text) in store.index for text in dict.fromkeys(texts))


class VectorStore:
    """The segments of one model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: dict[str, np.ndarray] = {}
        self.index: dict[bytes, tuple[str, int]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the segments that other processes have added since."""
        there = {path.name: path for path in self.folder.glob("*") if not path.name.startswith(".") and path.is_dir()}
        for name in sorted(there.keys() - self.read.keys()):
            segment = _read(there[name])
            if segment is not None:
                keys, self.read[name] = segment
                self.index.update((key.tobytes(), (name, row)) for row, key in enumerate(keys))

    def ensure(self, model: SentenceTransformer, texts: dict[str, bytes]) -> None:
        """Encode and publish those texts that are missing."""
        from lib.models.encoder import encode

        if all(key in self.index for key in texts.values()):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / VECTOR_LOCK):
            self._sweep()
            self.refresh()
            missing = {text: key for text, key in texts.items() if key not in self.index}
            if missing:
                self._publish(list(missing.values()), encode(model, list(missing)))
            if len(self.read) > MOST_SEGMENTS:
                self._merge()

    def get(self, keys: Sequence[bytes], *, dimension: int) -> np.ndarray:
        """Read the vectors of these keys: (n, dimension) float32, many of them mapped from disk."""
        rows = empty_rows(len(keys), dimension, folder=self.folder)
        for target, key in enumerate(keys):
            name, row = self.index[key]
            rows[target] = self.read[name][row]
        return rows

    def _publish(self, keys: list[bytes], rows: np.ndarray) -> None:
        packed = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(-1, KEY_BYTES)
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        with publish(self.folder / uuid.uuid4().hex) as staging:
            np.save(staging / "keys.npy", packed, allow_pickle=False)
            np.save(staging / "rows.npy", rows, allow_pickle=False)
            # beside the manifest, because it checks what was loaded without reading the files a second time
            check = {"keys": _sum(packed), "rows": _sum(rows)}
            (staging / "check.json").write_text(json.dumps(check), encoding="utf-8")
        self.refresh()

    def _merge(self) -> None:
        """Merge all segments into one, then remove them; a kill between leaves duplicates, which are harmless."""
        old, keys = list(self.read), list(self.index)
        rows = self.get(keys, dimension=next(iter(self.read.values())).shape[1])
        self._publish(keys, rows)
        for name in old:
            self.read.pop(name)
            remove_published(self.folder / name)

    def _sweep(self) -> None:
        """Remove what a killed process left half written (the lock says that nobody is writing)."""
        for part in leftovers(self.folder):
            remove(part)


def _read(folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Read a segment's keys, and map its vectors from disk; None when it is damaged or gone."""
    try:
        keys = np.load(folder / "keys.npy", allow_pickle=False)
        sums = {"keys": _sum(keys), "rows": _sum(_map(folder))}
        rows, check = (
            _map(folder),
            read_stored(folder / "check.json"),
        )  # mapped again: memory holds what is asked for only
    except (OSError, ValueError, EOFError):
        return None
    return (keys, rows) if len(keys) == len(rows) and check == sums else None


def _map(folder: Path) -> np.ndarray:
    """Map a segment's vectors (n, dimension) from disk."""
    rows: np.ndarray = np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False)
    return rows


def _sum(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data)
