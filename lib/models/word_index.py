"""Score texts for a query by their words alone (BM25): what a search does without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

_WORD = re.compile(r"\w+")


class WordIndex:
    """The words of texts, by which they are ranked.

    BM25 in Lucene's variant with k1 1.5 and b 0.75 (Kamphuis and others 2020, doi 10.1007/978-3-030-45442-5_4):
    sum over the query's words of ln(1 + (N - n + 0.5) / (n + 0.5)) * f / (f + k1 * (1 - b + b * length / mean length)).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        from bm25s import BM25  # slow to import, and most searches do without it

        self._count = len(texts)
        words = split_words(texts)
        self._index = BM25() if any(words) else None
        if self._index is not None:
            self._index.index(words, show_progress=False)

    def scores(self, query: str) -> np.ndarray:
        """Score every text for a query: (texts,) float32, 0 for a text that has none of its words."""
        index = self._index
        words = [word for word in split_words([query])[0] if index is not None and word in index.vocab_dict]
        if index is None or not words:
            return np.zeros(self._count, np.float32)
        return np.asarray(index.get_scores(words), dtype=np.float32)


def split_words(texts: Sequence[str]) -> list[list[str]]:
    """Split texts into lower-case words; no stop words, which would be those of one language."""
    return [_WORD.findall(text.lower()) for text in texts]
