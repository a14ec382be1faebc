"""Retrieval part by part: the ranking of all documents at once, whatever the parts, blocks and ties."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lib.data.corpus import Corpus
from lib.errors import InputError
from lib.evaluation import corpus_retrieval as module
from lib.evaluation.corpus_retrieval import RESULTS, retrieve_from_corpus
from lib.evaluation.retrieval import rank_documents
from lib.store.locations import Location


def write(path: Path, vectors: np.ndarray, *, without: int = -1) -> Location:
    """Write vectors (n, d) as `embed` does; the row `without` has none."""
    kind = pa.list_(pa.float32(), vectors.shape[1])
    mask = pa.array(np.arange(len(vectors)) == without)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=kind, mask=mask)
    path.parent.mkdir(exist_ok=True)
    parquet.write_table(pa.table({"vector": column}), path, row_group_size=50)
    return Location(str(path))


@pytest.mark.parametrize(("part", "block"), [(1_000, 1_000), (64, 16), (130, 7)])
def test_the_ranking_is_that_of_all_documents_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int, block: int
) -> None:
    monkeypatch.setattr(Corpus.parts, "__kwdefaults__", {"most": part})
    monkeypatch.setattr(module, "DOCUMENT_ROWS", block)
    generator = np.random.default_rng(0)
    documents = generator.standard_normal((300, 16), dtype=np.float32)
    documents[200:230] = 2 * documents[:30]  # the same directions: ties, of which the lower row comes first
    queries = documents[:80:2] + generator.standard_normal((40, 16), dtype=np.float32) / 8
    write(tmp_path / "corpus" / "a.parquet", documents[:170], without=9)
    write(tmp_path / "corpus" / "b.parquet", documents[170:])
    asked = write(tmp_path / "queries.parquet", queries, without=5)
    out = Location(str(tmp_path / "nearest.parquet"))
    assert retrieve_from_corpus(asked, Location(str(tmp_path / "corpus")), out, top_k=7) == 39
    table = parquet.read_table(out.text)
    assert table.schema.equals(RESULTS)
    there, rows = np.delete(np.arange(300), 9), np.delete(np.arange(40), 5)
    ranked, cosines = rank_documents(queries[rows], documents[there], depth=7)
    assert table["query"].to_pylist() == np.repeat(rows, 7).tolist()
    assert table["rank"].to_pylist() == list(range(1, 8)) * 39
    assert table["document"].to_pylist() == there[ranked].ravel().tolist()
    assert np.allclose(table["cosine"], cosines.ravel(), atol=1e-6)


def test_a_corpus_of_fewer_documents_gives_all_of_them(tmp_path: Path) -> None:
    vectors = np.eye(3, dtype=np.float32)
    place, out = write(tmp_path / "few.parquet", vectors), tmp_path / "nearest.parquet"
    retrieve_from_corpus(place, place, Location(str(out)), top_k=10)
    table = parquet.read_table(out)
    assert table["document"].to_pylist() == [0, 1, 2, 1, 0, 2, 2, 0, 1]


def test_vectors_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    three = write(tmp_path / "three.parquet", np.eye(3, dtype=np.float32))
    four = write(tmp_path / "four.parquet", np.eye(4, dtype=np.float32))
    parquet.write_table(pa.table({"text": ["a"]}), tmp_path / "texts.parquet")
    out = Location(str(tmp_path / "out.parquet"))
    for documents, cause in ((four, "3 dimensions"), (Location(str(tmp_path / "texts.parquet")), "no column")):
        with pytest.raises(InputError, match=cause):
            retrieve_from_corpus(three, documents, out, top_k=2)
    assert not Path(out.text).exists()
