"""Exact retrieval in an embedded corpus of any size: part by part, the best of each query kept.

Memory holds the queries of one part, a block of the corpus and a block of scores, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from lib.data.corpus import BLOCK_ROWS, Corpus, CorpusPart, open_corpus, read_part
from lib.errors import InputError
from lib.evaluation.ranked_block import top_columns
from lib.evaluation.retrieval import BLOCK_CELLS
from lib.models.embed_corpus import FACTS, CorpusFacts
from lib.models.embed_file import VECTOR_COLUMN
from lib.progress import Progress, Silent
from lib.store.locations import Location
from lib.vectors import normalize_rows

DOCUMENT_ROWS = 4 * BLOCK_ROWS
"""Documents that are scored at once: their vectors of 1,024 dimensions are 67 MB."""

RESULTS = pa.schema([("query", pa.int64()), ("rank", pa.int32()), ("document", pa.int64()), ("cosine", pa.float32())])
"""Columns of the results: query and document by row in their corpora, from 0, rank from 1."""


@dataclass(frozen=True)
class Nearest:
    """The nearest documents of queries, the lowest document first.

    documents: (queries, k) int64, rows of the corpus; cosines: (queries, k) float32.
    """

    documents: np.ndarray
    cosines: np.ndarray

    @classmethod
    def empty(cls, queries: int) -> Nearest:
        """Make the result of a search in nothing."""
        return cls(np.zeros((queries, 0), dtype=np.int64), np.zeros((queries, 0), dtype=np.float32))

    def merge(self, other: Nearest, *, top_k: int) -> Nearest:
        """Choose the best of both; ties within lib.vectors.TIE go to the lower document."""
        documents = np.concatenate([self.documents, other.documents], axis=1)
        order = np.argsort(documents, axis=1)
        documents = np.take_along_axis(documents, order, axis=1)
        cosines = np.take_along_axis(np.concatenate([self.cosines, other.cosines], axis=1), order, axis=1)
        best = np.sort(top_columns(cosines, min(top_k, cosines.shape[1])), axis=1)
        return Nearest(np.take_along_axis(documents, best, axis=1), np.take_along_axis(cosines, best, axis=1))

    def ranked(self) -> Nearest:
        """Order the documents of each query, the best first."""
        order = top_columns(self.cosines, self.cosines.shape[1])
        return Nearest(
            np.take_along_axis(self.documents, order, axis=1), np.take_along_axis(self.cosines, order, axis=1)
        )


@dataclass(frozen=True)
class SearchWork:
    """The search for some queries, as every process of it needs to know it. queries: (q, d), normalised."""

    queries: np.ndarray
    top_k: int

    def search(self, parts: Iterable[CorpusPart], progress: Progress = Silent()) -> Nearest:
        """Find the nearest documents in parts of a corpus, by cosine. Rows without a vector are passed over."""
        nearest = Nearest.empty(len(self.queries))
        for part in parts:
            for documents, vectors in read_vectors(part):
                progress.check()
                nearest = nearest.merge(self._search_block(documents, vectors), top_k=self.top_k)
        return nearest

    def _search_block(self, documents: np.ndarray, vectors: np.ndarray) -> Nearest:
        top = min(self.top_k, len(vectors))
        found = np.zeros((len(self.queries), top), dtype=np.int64)
        cosines = np.zeros((len(self.queries), top), dtype=np.float32)
        size = max(1, BLOCK_CELLS // max(1, len(vectors)))
        for begin in range(0, len(self.queries) if top else 0, size):
            some = slice(begin, begin + size)
            scores = self.queries[some] @ vectors.T
            best = np.sort(top_columns(scores, top), axis=1)
            found[some], cosines[some] = documents[best], np.take_along_axis(scores, best, axis=1)
        return Nearest(found, cosines)


SearchParts = Callable[[SearchWork, list[CorpusPart], Progress], Iterator[tuple[Nearest, int]]]
"""Searches parts, in any order, here or elsewhere, and yields what was found in how many rows."""


def search_parts_here(work: SearchWork, parts: list[CorpusPart], progress: Progress) -> Iterator[tuple[Nearest, int]]:
    """Search parts one after the other in this process."""
    for part in parts:
        yield work.search([part], progress), part.rows


def retrieve_from_corpus(
    queries: Location,
    documents: Location,
    out: Location,
    *,
    top_k: int,
    search_parts: SearchParts = search_parts_here,
    progress: Progress = Silent(),
) -> int:
    """Write the nearest documents of every query to a Parquet file; the number of queries.

    A query without a text has no results. Raises InputError where the vectors do not belong together, and StoreError.
    """
    asked, corpus = open_vectors(queries), open_vectors(documents)
    check_same_model(queries, documents, asked, corpus)
    parts, done, answered = corpus.parts(), 0, 0
    with out.replace() as path, parquet.ParquetWriter(path, RESULTS) as writer:
        for part in asked.parts():
            blocks = list(read_vectors(part))
            rows = np.concatenate([block for block, _ in blocks])
            work = SearchWork(np.concatenate([vectors for _, vectors in blocks]), top_k)
            nearest = Nearest.empty(len(rows))
            for found, size in search_parts(work, parts, progress) if len(rows) else ():
                nearest = nearest.merge(found, top_k=top_k)
                done += size
                progress.advance(done, corpus.total * len(asked.parts()))
            writer.write_table(_results(rows, nearest.ranked()))
            answered += len(rows)
    return answered


def _results(queries: np.ndarray, nearest: Nearest) -> pa.Table:
    """Write a row for each query and document. queries: (q,) their rows."""
    top = nearest.documents.shape[1]
    columns = [
        np.repeat(queries, top),
        np.tile(np.arange(1, top + 1, dtype=np.int32), len(queries)),
        nearest.documents.ravel(),
        nearest.cosines.ravel(),
    ]
    return pa.table([pa.array(column) for column in columns], schema=RESULTS)


def open_vectors(location: Location) -> Corpus:
    """Open an embedded corpus, or a Parquet file with a column of vectors. Raises InputError."""
    corpus = open_corpus(location)
    kind = corpus.schema.field(VECTOR_COLUMN).type if VECTOR_COLUMN in corpus.schema.names else None
    if kind is None or not pa.types.is_fixed_size_list(kind) or kind.value_type != pa.float32():
        raise InputError(
            f"There is no column “{VECTOR_COLUMN}” of vectors.",
            where=str(location),
            todo="Write it by `embed`.",
        )
    return corpus


def check_same_model(queries: Location, documents: Location, asked: Corpus, corpus: Corpus) -> None:
    """Raise InputError where vectors cannot be compared, or a corpus is not whole."""
    sizes = [one.schema.field(VECTOR_COLUMN).type.list_size for one in (asked, corpus)]
    if sizes[0] != sizes[1]:
        raise InputError(f"Queries have {sizes[0]:,} dimensions, and documents {sizes[1]:,}.", todo="Use one model.")
    facts = [CorpusFacts.load(one) for one in (queries, documents) if one.child(FACTS).is_file()]
    for one in facts:
        if not one.is_whole:
            raise InputError(f"The corpus of {one.files[0]} is not whole.", todo="Give `embed` the same command again.")
    if len({one.mark for one in facts}) > 1:
        raise InputError("Queries and documents were embedded by different models.", todo="Embed them by one.")


def read_vectors(part: CorpusPart) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read the vectors of a part, block by block: rows of the corpus (n,), and normalised vectors (n, d)."""
    first = part.first
    for block in read_part(part, columns=[VECTOR_COLUMN], rows=DOCUMENT_ROWS):
        column = block.column(VECTOR_COLUMN).combine_chunks()
        there = np.asarray(column.is_valid())
        vectors = np.asarray(column.drop_null().flatten(), dtype=np.float32)
        yield first + np.flatnonzero(there), normalize_rows(vectors.reshape(-1, column.type.list_size))
        first += len(block)
