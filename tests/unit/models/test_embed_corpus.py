"""A corpus embedded part by part: the vectors of the whole file, and work that goes on where it was stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from lib.data import corpus as corpus_module
from lib.data.corpus import Corpus, CorpusPart, open_corpus
from lib.data.file_rows import FileRows
from lib.data.model_inputs import Reading, Role
from lib.errors import InputError, ModelError
from lib.models import embed_file as file_module
from lib.models.embed_corpus import (
    FACTS,
    CorpusFacts,
    CorpusModel,
    CorpusWork,
    PartResult,
    embed_corpus,
    embed_parts_here,
)
from lib.models.embed_file import embed_file
from lib.models.loader import load_model
from lib.progress import Progress
from lib.store.locations import Location
from tests.object_store import upload_folder

READING = Reading("ask: ", "tell: ", default_prompt=False)
TEXTS = ["a red house", "two rivers", "a red house", None, "ten engines", "  ", "one", "two winters in a village"] * 3


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    """Write 24 rows in one file, cut into parts of 10 rows and blocks of 5."""
    for module in (corpus_module, file_module):
        monkeypatch.setattr(module, "BLOCK_ROWS", 5)
    monkeypatch.setattr(corpus_module.read_part, "__kwdefaults__", {"columns": None, "rows": 5})
    monkeypatch.setattr(Corpus.parts, "__kwdefaults__", {"most": 10})
    table = pa.table({"id": pa.array(range(24), pa.int32()), "text": pa.array(TEXTS, pa.string())})
    parquet.write_table(table, tmp_path / "texts.parquet")
    return open_corpus(Location(str(tmp_path / "texts.parquet")))


@pytest.fixture
def model(tiny_model: Path, home: Path) -> CorpusModel:
    return CorpusModel.of(str(tiny_model), reading=READING, role=Role.DOCUMENT)


def embed(corpus: Corpus, model: CorpusModel, out: Path) -> tuple[CorpusFacts, list[int]]:
    """Embed the corpus; its facts, and the numbers of the parts that were worked on."""
    worked: list[int] = []

    def noted(work: CorpusWork, parts: list[CorpusPart], progress: Progress) -> Iterator[PartResult]:
        worked.extend(part.number for part in parts)
        return embed_parts_here(work, parts, progress)

    return embed_corpus(corpus, model, Location(str(out)), columns=("text",), embed_parts=noted), worked


def test_parts_hold_the_vectors_of_the_whole_file_bit_for_bit(
    corpus: Corpus, model: CorpusModel, tiny_model: Path, tmp_path: Path
) -> None:
    facts, worked = embed(corpus, model, tmp_path / "vectors")
    assert (facts.rows, facts.empty, facts.dimension, facts.is_whole, worked) == (24, 6, 32, True, [0, 1, 2])
    assert CorpusFacts.load(Location(str(tmp_path / "vectors"))) == facts
    names = [f"part-00000{number}.parquet" for number in range(3)]
    assert sorted(path.name for path in (tmp_path / "vectors").iterdir()) == [FACTS, *names]
    whole = tmp_path / "whole.parquet"
    rows = FileRows(parquet.read_table(tmp_path / "texts.parquet"))
    loaded = load_model(str(tiny_model), reading=READING)
    embed_file(loaded, rows, whole, columns=("text",), reading=READING, role=Role.DOCUMENT)
    assert pa.concat_tables(parquet.read_table(tmp_path / "vectors" / name) for name in names).equals(
        parquet.read_table(whole)
    )


def test_the_same_work_goes_on_with_the_missing_parts(corpus: Corpus, model: CorpusModel, tmp_path: Path) -> None:
    out = tmp_path / "vectors"
    facts, _ = embed(corpus, model, out)
    kept = (out / "part-000002.parquet").stat().st_mtime_ns
    (out / "part-000001.parquet").unlink()
    again, worked = embed(corpus, model, out)
    assert (again, worked) == (facts, [1])
    assert (out / "part-000002.parquet").stat().st_mtime_ns == kept
    other = CorpusModel(model.name, model.mark, model.dimension, READING, Role.QUERY)
    with pytest.raises(InputError, match="something else"):
        embed(corpus, other, out)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("mine")
    with pytest.raises(InputError, match="something else"):
        embed(corpus, model, tmp_path / "other")


def test_a_folder_that_holds_another_model_where_the_work_is_done_is_refused(
    model: CorpusModel, tiny_model: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "tiny"
    shutil.copytree(tiny_model, copy)
    moved = CorpusModel(str(copy), model.mark, 32, READING, Role.DOCUMENT)
    moved.load()
    (copy / "tokenizer_config.json").write_text((copy / "tokenizer_config.json").read_text() + " ")
    with pytest.raises(ModelError, match="another one"):
        moved.load()


def test_a_model_by_url_is_checked_and_copied_once(
    tiny_model: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = Location(f"memory://models/{tmp_path.name}")
    upload_folder(tiny_model, store)
    store.child("program.py").write_text("raise SystemExit")
    by_url, by_path = (CorpusModel.of(str(one), reading=READING, role=Role.QUERY) for one in (store, tiny_model))
    assert (by_url.mark, by_url.dimension) == (by_path.mark, 32)
    by_url.load()
    copies = list((tmp_path / "cache").rglob("modules.json"))
    assert len(copies) == 1
    assert not list((tmp_path / "cache").rglob("*.py"))
    with pytest.raises(ModelError, match="holds no model"):
        CorpusModel.of("memory://models/none", reading=READING, role=Role.QUERY)
