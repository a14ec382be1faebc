"""A file's rows with their vectors: the vectors that the model itself gives, block by block, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.file_rows import FileRows
from lib.data.model_inputs import Reading, Role
from lib.errors import CancelledError, InputError
from lib.models import embed_file as module
from lib.models.embed_file import embed_file
from lib.models.loader import load_model
from lib.progress import Silent

READING = Reading("ask: ", "tell: ", default_prompt=False)


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> SentenceTransformer:
    return load_model(str(tiny_model), reading=READING, device="cpu")


def rows(texts: list[str | None]) -> FileRows:
    return FileRows(pa.table({"id": pa.array(range(len(texts)), pa.int32()), "text": pa.array(texts, pa.string())}))


TEXTS: list[str | None] = ["a red house", "two rivers", "a red house", None, "ten engines", "  ", "one"]


@pytest.mark.parametrize("role", list(Role))
def test_parquet_holds_the_rows_and_the_models_own_vectors_by_role(
    model: SentenceTransformer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 3)  # also a block without any text, and a short last one
    out = tmp_path / "vectors.parquet"
    source = rows(TEXTS)
    made = embed_file(model, source, out, columns=("text",), reading=READING, role=role)
    table = parquet.read_table(out)
    assert table.select(["id", "text"]).to_pylist() == source.table.to_pylist()
    assert table.schema.field("id").type == pa.int32()
    assert table.schema.field("vector").type == pa.list_(pa.float32(), 32)
    vectors = table.column("vector").to_pylist()
    assert [vector is None for vector in vectors] == [False, False, False, True, False, True, False]
    by_role = model.encode_query if role is Role.QUERY else model.encode_document
    filled = [text for text in TEXTS if text and text.strip()]
    assert np.allclose([vector for vector in vectors if vector], by_role(filled), atol=1e-5)
    assert (made.rows, made.dimension, made.empty, made.prompt) == (7, 32, 2, READING.prompt(role))


def test_npy_holds_the_same_vectors_row_by_row_with_zeros_for_no_text(
    model: SentenceTransformer, tmp_path: Path
) -> None:
    for name in ("vectors.npy", "vectors.parquet"):
        embed_file(model, rows(TEXTS), tmp_path / name, columns=("text",), reading=READING, role=Role.DOCUMENT)
    vectors = np.load(tmp_path / "vectors.npy", allow_pickle=False)
    frame = pd.read_parquet(tmp_path / "vectors.parquet")
    assert vectors.shape == (7, 32)
    assert vectors.dtype == np.float32
    assert not vectors[[3, 5]].any()
    there = frame["vector"].notna().to_numpy()
    assert np.array_equal(np.stack(frame.loc[there, "vector"].to_list()), vectors[there])


class Stopping(Silent):
    """A Progress that stops the work after the first block."""

    def __init__(self) -> None:
        self.blocks = 0

    def advance(self, done: float, total: float, **facts: float) -> None:
        self.blocks += 1

    def check(self) -> None:
        if self.blocks > 1:
            raise CancelledError("Cancelled.")


def test_stopped_work_leaves_no_file_and_an_older_one_as_it_was(
    model: SentenceTransformer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK_ROWS", 2)
    out = tmp_path / "vectors.npy"
    out.write_bytes(b"older")
    with pytest.raises(CancelledError):
        embed_file(model, rows(TEXTS), out, columns=("text",), reading=READING, role=Role.DOCUMENT, progress=Stopping())
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npy"]
    assert out.read_bytes() == b"older"


def test_a_file_that_has_vectors_or_types_that_parquet_lacks_is_refused(
    model: SentenceTransformer, tmp_path: Path
) -> None:
    for table, cause in (
        (pa.table({"text": ["a"], "vector": [1]}), "“vector” already"),
        (pa.table({"text": ["a"], "odd": pa.array([{}], pa.struct([]))}), "cannot hold"),
    ):
        with pytest.raises(InputError, match=cause):
            embed_file(
                model,
                FileRows(table),
                tmp_path / "out.parquet",
                columns=("text",),
                reading=READING,
                role=Role.DOCUMENT,
            )
    assert list(tmp_path.iterdir()) == []
