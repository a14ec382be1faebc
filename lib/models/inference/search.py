"""Rank a dataset's targets for a query: by the cosine of a model, or by the words alone (BM25).

Imports torch: in the inference process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lib import settings
from lib.data.model_inputs import Reading, Role
from lib.models.encoder import encode
from lib.models.inference.answers import NearestText, Ranking
from lib.models.inference.handlers import loaded_model
from lib.models.loader import fingerprint
from lib.models.memory_check import refuse_index_without_memory
from lib.models.vector_cache import EmbeddingCache
from lib.models.word_index import WordIndex
from lib.store.parquet import read_dataset_table
from lib.vectors import TIE, normalize_rows, order_by_score

KEPT_TARGETS = 4
"""Models whose targets' vectors stay in memory: 150 MB each for 100,000 texts of 384 dimensions."""

KEPT_WORD_INDEXES = 2

_allowed: set[str] = set()
"""Models that a person wants to be loaded although memory may not suffice."""


@dataclass(frozen=True)
class TargetColumn:
    """The distinct texts of a parquet column, in order of appearance.

    Hashable, also by the file's version.
    """

    parquet: str
    column: str
    stamp: int

    @classmethod
    def of(cls, parquet: str, column: str) -> TargetColumn:
        """Describe the column as the file stands now."""
        return cls(parquet, column, Path(parquet).stat().st_mtime_ns)


def nearest(
    *,
    models: Sequence[str],
    query: str,
    parquet: str,
    column: str,
    reading: dict[str, Any],
    right: Sequence[str] = (),
    most: int = 10,
    ignore_memory: bool = False,
) -> list[dict[str, Any]]:
    """Search a parquet column's distinct texts for the nearest to a query: a `Ranking` by each model.

    reading: as `Reading.to_json` gives it; the column's texts are read as documents. right: the texts that answer the query.
    ignore_memory: index the texts although memory may not suffice. Raises MemoryShortageError before a model is loaded.
    """
    targets, how = TargetColumn.of(parquet, column), Reading(**reading)
    _allowed.update(models if ignore_memory else ())
    rankings = []
    for name in models:
        vectors = _vectors(name, targets, how)
        query_vector = normalize_rows(encode(loaded_model(name, how), how.read([query], Role.QUERY)))[0]
        scores = vectors @ query_vector
        rankings.append(rank(_texts(targets), scores, right=_rows(targets, right), most=most).to_json())
    return rankings


def best_by_words(
    *, query: str, parquet: str, column: str, right: Sequence[str] = (), most: int = 10
) -> dict[str, Any]:
    """Rank a parquet column's distinct texts for a query by BM25: a `Ranking`.

    Of texts without any of the query's words none is listed.
    """
    targets = TargetColumn.of(parquet, column)
    texts, scores = _texts(targets), _word_index(targets).scores(query)
    shown = min(most, int((scores > 0).sum()))
    return rank(texts, scores, right=_rows(targets, right), most=shown).to_json()


def load_search(*, models: Sequence[str], parquet: str, column: str, reading: dict[str, Any]) -> int:
    """Load what a search needs, so that the first query need not wait; answers how many texts there are."""
    targets, how = TargetColumn.of(parquet, column), Reading(**reading)
    for name in models:
        _vectors(name, targets, how)
        encode(
            loaded_model(name, how), how.read(["a"], Role.QUERY)
        )  # the first forward of a model is slower than the next ones
    return len(_texts(targets))


def rank(texts: Sequence[str], scores: np.ndarray, *, right: Sequence[int], most: int) -> Ranking:
    """Rank texts by their scores (n,), the highest first; of equal scores the earlier text comes first.

    right: rows of the texts that answer the query.
    """
    rows = top_rows(scores, most).tolist()
    best = tuple(NearestText(texts[row], float(scores[row]), row in right) for row in rows)
    if not right:
        return Ranking(best, None, None, len(texts))
    known = np.sort(np.fromiter(right, dtype=np.int64))
    first = int(order_by_score(scores[known][None], known[None])[0, 0])
    ahead = int((scores > scores[first] + TIE).sum() + (np.abs(scores[:first] - scores[first]) <= TIE).sum())
    return Ranking(best, NearestText(texts[first], float(scores[first]), is_right=True), ahead + 1, len(texts))


def top_rows(scores: np.ndarray, most: int) -> np.ndarray:
    """Find the rows of the highest scores (n,), best first, without sorting them all.

    Ties (within TIE) go to the lower row.
    """
    most = min(most, len(scores))
    if most <= 0:
        return np.empty(0, np.int64)
    least = np.partition(scores, len(scores) - most)[len(scores) - most]
    rows = np.flatnonzero(scores >= least - TIE)
    return order_by_score(scores[rows][None], rows[None])[0, :most]


@lru_cache(maxsize=KEPT_TARGETS)
def _texts(targets: TargetColumn) -> list[str]:
    return list(dict.fromkeys(read_dataset_table(targets.parquet, [targets.column])[targets.column]))


@lru_cache(maxsize=KEPT_TARGETS)
def _row_of_text(targets: TargetColumn) -> dict[str, int]:
    return {text: row for row, text in enumerate(_texts(targets))}


def _rows(targets: TargetColumn, texts: Sequence[str]) -> list[int]:
    """Find the rows of these texts; one that is no target has none."""
    row_of_text = _row_of_text(targets)
    return [row_of_text[text] for text in texts if text in row_of_text]


@lru_cache(maxsize=KEPT_TARGETS)
def _vectors(name: str, targets: TargetColumn, reading: Reading) -> np.ndarray:
    """Embed the targets by a model, normalized: (texts, d).

    Raises MemoryShortageError before it is loaded.
    """
    read = reading.read(_texts(targets), Role.DOCUMENT)
    if name not in _allowed:
        refuse_index_without_memory(name, texts=len(read), home=settings.home())
    model = loaded_model(name, reading)
    return normalize_rows(EmbeddingCache(settings.home()).embed(model, read, fingerprint=fingerprint(model)))


@lru_cache(maxsize=KEPT_WORD_INDEXES)
def _word_index(targets: TargetColumn) -> WordIndex:
    return WordIndex(_texts(targets))
