"""Find near duplicates: the same letters and digits, or nearly the same five-character shingles.

MinHash with banding (Broder 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3) finds candidate
pairs in linear time; the exact Jaccard index |A and B| / |A or B| of their sets of shingles decides. Texts that differ in
a sign that changes a word, as C++ and C#, are none, however long they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from lib.data.normalisation import differ_in_signs, near_key, same_key
from lib.data.text_array import KeyHashes, Texts, as_texts, first_rows

SHINGLE_CHARACTERS = 5
"""Characters of a shingle."""
MIN_SHINGLED_CHARACTERS = 40
"""In a shorter text one changed character changes too many shingles to speak of near duplicates."""
MIN_JACCARD = 0.9
BANDS, ROWS_PER_BAND = 5, 4
"""Two texts share a minimum with probability J, their Jaccard index, and a whole band of r with J^r.

At least one of b bands with 1 - (1 - J^r)^b: 0.995 at J = 0.9. Every candidate is verified.
"""
MIN_EQUAL_MINIMA = 10
"""Of the 20 minima of two texts so many must be equal before their shingles are compared.

Of n texts that share nothing some n^2 pairs share a band, and among millions that is most of the work. At J = 0.9 fewer
are equal with a probability of 7e-7 (binomial). The lowest byte of a minimum stands for it: b-bit minwise hashing (Li and
Konig 2010).
"""
PAIRS_PER_BLOCK = 500_000
"""Pairs whose minima are compared at once."""
CHUNK_CHARACTERS = 2_000_000
"""Characters hashed at once, so that memory does not grow with the file."""


def near_duplicate_groups(texts: Sequence[str]) -> np.ndarray:
    """Code each text (int64): equal for near duplicates, directly or transitively; -1 for an empty text.

    Neither keys nor shingles are held: memory grows by some 100 bytes a text.
    """
    array = as_texts(texts)
    hashes, lengths = KeyHashes(len(array)), np.zeros(len(array), dtype=np.int64)
    begin = 0
    for block in array.blocks():
        keys = [same_key(text) for text in block]
        hashes.add([near_key(key) for key in keys])
        lengths[begin : begin + len(keys)] = [len(key) for key in keys]
        begin += len(keys)
    codes = hashes.codes()
    first = first_rows(codes)
    groups = _connect(array, first, lengths[first] >= MIN_SHINGLED_CHARACTERS)
    return np.where(lengths == 0, -1, groups[codes])


def _connect(texts: Texts, rows: np.ndarray, is_long: np.ndarray) -> np.ndarray:
    """Find the components (n,) of verified candidate pairs among the texts of these rows (n,)."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    left, right = _near_pairs(texts, rows, np.flatnonzero(is_long)).T
    if not len(left):
        return np.arange(len(rows), dtype=np.int64)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(rows), len(rows)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _near_pairs(texts: Texts, rows: np.ndarray, long: np.ndarray) -> np.ndarray:
    """Find the pairs (k, 2) whose shingles have a Jaccard index of at least MIN_JACCARD.

    rows: of the texts; long and the pairs: places in rows.
    """
    if len(long) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    keys, low = _signatures(texts, rows[long])
    left, right = np.concatenate([_likely_pairs(_bucket_pairs(band), low) for band in keys]).T
    del keys, low
    candidates = np.unique(left * len(long) + right)
    pairs = long[np.stack([candidates // len(long), candidates % len(long)], axis=1)]
    sides = [map(same_key, texts.pick(rows[side])) for side in pairs.T]
    near = np.fromiter(map(_is_near_duplicate, *sides), dtype=bool, count=len(pairs))
    return pairs[near]


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


def _bucket_pairs(keys: np.ndarray) -> np.ndarray:
    """Pair the first of each set of equal keys (n,) with each of the others: (pairs, 2) row numbers."""
    order = np.argsort(keys, kind="stable")  # in a set the first row comes first
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = np.diff(keys[order]) != 0
    head = order[begins][np.cumsum(begins) - 1]
    return np.stack([head[~begins], order[~begins]], axis=1)


def _likely_pairs(pairs: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Select the pairs (k, 2) with enough equal minima; low: (n, minima) uint8."""
    blocks = [pairs[begin : begin + PAIRS_PER_BLOCK] for begin in range(0, len(pairs), PAIRS_PER_BLOCK)]
    flags = [(low[some[:, 0]] == low[some[:, 1]]).sum(axis=1) >= MIN_EQUAL_MINIMA for some in blocks]
    return pairs[np.concatenate(flags)] if flags else pairs


def _signatures(texts: Texts, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute a key of each band, (BANDS, n) uint64, and the low bytes of all minima, (n, minima) uint8.

    rows: (n,) of the texts. The four minima of a band are two words, a and b, and their key f a + g b modulo 2^64 with odd f and g: 8 bytes in
    place of 16. That two different bands share it has a probability of about 2^-63, and every pair is verified.
    """
    keys, low = np.zeros((BANDS, len(rows)), np.uint64), np.zeros((len(rows), BANDS * ROWS_PER_BAND), np.uint8)
    factors = np.random.default_rng(7).integers(2**62, 2**63, size=2, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    begin = 0
    for chunk in _chunks(map(same_key, texts.pick(rows))):
        end = begin + len(chunk)
        minima = _minima(chunk)
        words = minima.view(np.uint64).reshape(len(chunk), BANDS, ROWS_PER_BAND // 2)
        keys[:, begin:end], low[begin:end] = (words * factors).sum(axis=2, dtype=np.uint64).T, minima
        begin = end
    return keys, low


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
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
