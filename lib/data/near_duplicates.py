"""Find near duplicates: the same letters and digits, or nearly the same five-character shingles.

MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3) finds candidate
pairs in linear time; the exact Jaccard index |A and B| / |A or B| of their sets of shingles decides. Texts that differ in
a sign that changes a word, as C++ and C#, are none, however long they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from lib.data.normalisation import differ_in_signs, near_key, same_key

SHINGLE_CHARACTERS = 5
"""Characters of a shingle."""
MIN_SHINGLED_CHARACTERS = 40
"""In a shorter text one changed character changes too many shingles to speak of near duplicates."""
MIN_JACCARD = 0.9
BANDS, ROWS_PER_BAND = 5, 4
"""Two texts share a minimum with probability J, their Jaccard index, and a whole band of r with J^r.

At least one of b bands with 1 - (1 - J^r)^b: 0.995 at J = 0.9. Every candidate is verified.
"""
CHUNK_CHARACTERS = 2_000_000
"""Characters hashed at once, so that memory does not grow with the file."""


def near_duplicate_groups(texts: Sequence[str]) -> np.ndarray:
    """Code each text (int64): equal for near duplicates, directly or transitively; -1 for an empty text."""
    keys = [near_key(text) for text in texts]
    codes, distinct = pd.factorize(np.array(keys, dtype=object)) if keys else (np.zeros(0, dtype=np.int64), [])
    first = np.full(len(distinct), -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(keys) - 1, -1, -1)
    plain = [same_key(texts[at]) for at in first.tolist()]
    groups = _connect(plain)[codes] if len(keys) else codes.astype(np.int64)
    return np.where(np.fromiter((not key for key in keys), dtype=bool, count=len(keys)), -1, groups)


def _connect(texts: list[str]) -> np.ndarray:
    """Find the connected components of the verified candidate pairs."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    pairs = list(_near_pairs(texts))
    if not pairs:
        return np.arange(len(texts), dtype=np.int64)
    left, right = np.array(pairs, dtype=np.int64).T
    graph = coo_matrix((np.ones(len(pairs), dtype=np.int8), (left, right)), shape=(len(texts), len(texts)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _near_pairs(texts: list[str]) -> Iterator[tuple[int, int]]:
    """Find pairs of texts whose shingles have a Jaccard index of at least MIN_JACCARD."""
    long = np.array([at for at, text in enumerate(texts) if len(text) >= MIN_SHINGLED_CHARACTERS], dtype=np.int64)
    if len(long) < 2:
        return
    minima = np.vstack([_minima(chunk) for chunk in _chunks([texts[at] for at in long])])
    seen: set[tuple[int, int]] = set()
    for band in range(BANDS):
        for bucket in _buckets(minima[:, band * ROWS_PER_BAND : (band + 1) * ROWS_PER_BAND]):
            head = int(long[bucket[0]])
            for other in long[bucket[1:]].tolist():
                if (head, other) not in seen:
                    seen.add((head, other))
                    if _is_near_duplicate(texts[head], texts[other]):
                        yield head, other


def _is_near_duplicate(left: str, right: str) -> bool:
    """Compare the Jaccard index with MIN_JACCARD, without computing it where the lengths differ too much."""
    if min(len(left), len(right)) < MIN_JACCARD * max(len(left), len(right)) * 0.9:
        return False
    first, second = _shingles(left), _shingles(right)
    common = len(first & second)
    is_near = common >= MIN_JACCARD * (len(first) + len(second) - common)
    return is_near and not differ_in_signs(left, right)


def _shingles(text: str) -> set[str]:
    return {text[at : at + SHINGLE_CHARACTERS] for at in range(len(text) - SHINGLE_CHARACTERS + 1)}


def _buckets(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Find the row numbers of each set of at least two equal rows."""
    keys = np.ascontiguousarray(rows).view([("", rows.dtype)] * rows.shape[1]).ravel()
    codes = np.unique(keys, return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    for start, end in zip(starts, np.append(starts[1:], len(order)), strict=True):
        if end - start > 1:
            yield order[start:end]


def _chunks(texts: list[str]) -> Iterator[list[str]]:
    """Split the texts into consecutive chunks of about CHUNK_CHARACTERS."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        if size >= CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _minima(texts: list[str]) -> np.ndarray:
    """Compute MinHash signatures: the minimum of each hash over a text's shingles.

    Shape (texts, BANDS * ROWS_PER_BAND), uint32.

    A shingle of code points c_0 ... c_4 is the polynomial sum of c_i p^(i + 1) modulo 2^64. The hash functions are
    multiply-shift (Dietzfelbinger et al. 1997): the upper 32 bits of a shingle times an odd random factor.
    """
    points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    starts = np.concatenate([[0], np.cumsum([len(text) for text in texts])]).astype(np.int64)
    shingles = np.zeros(len(points), dtype=np.uint64)
    for offset in range(SHINGLE_CHARACTERS):
        shingles[: len(points) - offset] += points[offset:] * np.uint64(pow(1_000_003, offset + 1, 2**64))
    ends = starts[1:]
    crossing = (ends[:, None] - np.arange(1, SHINGLE_CHARACTERS)[None, :]).ravel()
    generator = np.random.default_rng(5)
    # Shingles that would cross into the next text get the largest hash below, so that they are never the minimum.
    factors = generator.integers(1, 2**63, size=BANDS * ROWS_PER_BAND, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    minima = np.empty((len(texts), BANDS * ROWS_PER_BAND), dtype=np.uint32)
    for at, factor in enumerate(factors):
        hashed = ((shingles * factor) >> np.uint64(32)).astype(np.uint32)
        hashed[crossing] = np.uint32(2**32 - 1)
        minima[:, at] = np.minimum.reduceat(hashed, starts[:-1])
    return minima
