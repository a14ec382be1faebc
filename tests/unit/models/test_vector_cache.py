"""Every distinct text is encoded once per model, ever: over calls, processes, kills and damage."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lib import vectors
from lib.models import encoder, vector_cache
from lib.models.vector_cache import EmbeddingCache
from lib.store.publish import TEMPORARY

TEXTS = ["one", "two", "three", "one"]


@pytest.fixture
def model(tiny_model: Path) -> SentenceTransformer:
    return SentenceTransformer(str(tiny_model), device="cpu")


@pytest.fixture
def encode_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that really went through a model."""
    seen: list[str] = []
    plain = encoder.encode

    def watch(model: SentenceTransformer, texts: list[str], **rest: object) -> np.ndarray:
        seen.extend(texts)
        return plain(model, texts, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(encoder, "encode", watch)
    return seen


def test_a_text_is_encoded_once(home: Path, model: SentenceTransformer, encode_texts: list[str]) -> None:
    first = EmbeddingCache(home).embed(model, TEXTS, fingerprint="f")
    again = EmbeddingCache(home).embed(model, ["two", "four"], fingerprint="f")
    assert encode_texts == ["one", "two", "three", "four"]
    assert np.array_equal(again[0], first[1])
    assert np.abs(first - model.encode(TEXTS)).max() < 1e-5
    assert EmbeddingCache(home).count_known(["one", "five"], fingerprint="f") == 1


def test_another_model_has_vectors_of_its_own(home: Path, model: SentenceTransformer, encode_texts: list[str]) -> None:
    EmbeddingCache(home).embed(model, ["one"], fingerprint="f")
    EmbeddingCache(home).embed(model, ["one"], fingerprint="g")
    assert encode_texts == ["one", "one"]


def test_texts_that_differ_in_a_character_are_different(home: Path, model: SentenceTransformer) -> None:
    texts = ["a", "a ", "A", "a\ud800"]
    assert len({vector_cache.key_of(text) for text in texts}) == 4
    assert EmbeddingCache(home).embed(model, texts[:3], fingerprint="f").shape == (3, 32)


@pytest.mark.parametrize("part", ["rows.npy", "keys.npy", "check.json"])
def test_damage_is_noticed_and_mended(
    home: Path, model: SentenceTransformer, encode_texts: list[str], part: str
) -> None:
    before = EmbeddingCache(home).embed(model, TEXTS, fingerprint="f")
    (file,) = (home / "embeddings" / "f").glob(f"*/{part}")
    content = bytearray(file.read_bytes())
    content[-1] ^= 0xFF
    file.write_bytes(content)
    again = EmbeddingCache(home).embed(model, TEXTS, fingerprint="f")
    assert np.allclose(again, before, atol=1e-6)
    assert len(encode_texts) == 6


def test_many_vectors_are_mapped_from_disk(
    home: Path, model: SentenceTransformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = EmbeddingCache(home).embed(model, TEXTS, fingerprint="f")
    monkeypatch.setattr(vectors, "MOST_HELD_BYTES", held.nbytes - 1)
    mapped = EmbeddingCache(home).embed(model, TEXTS, fingerprint="f")
    assert isinstance(mapped, np.memmap)
    assert np.array_equal(mapped, held)
    assert [path for path in (home / "embeddings" / "f").iterdir() if path.name.startswith("tmp")] == []
    assert vectors.check_finite(mapped, name="base") is mapped


def test_many_segments_become_one(
    home: Path, model: SentenceTransformer, monkeypatch: pytest.MonkeyPatch, encode_texts: list[str]
) -> None:
    monkeypatch.setattr(vector_cache, "MOST_SEGMENTS", 4)
    texts = [f"text {number}" for number in range(12)]
    rows = [EmbeddingCache(home).embed(model, [text], fingerprint="f")[0] for text in texts]
    left = [path for path in (home / "embeddings" / "f").iterdir() if path.is_dir()]
    assert len(left) <= 4
    assert np.array_equal(EmbeddingCache(home).embed(model, texts, fingerprint="f"), np.stack(rows))
    assert len(encode_texts) == 12


def test_blocks_are_kept_as_they_come(
    home: Path, model: SentenceTransformer, monkeypatch: pytest.MonkeyPatch, encode_texts: list[str]
) -> None:
    """What was encoded before a failure isn't encoded again."""
    monkeypatch.setattr(vector_cache, "TEXTS_PER_SEGMENT", 2)
    plain, texts = encoder.encode, [f"text {number}" for number in range(6)]

    def fail(model: SentenceTransformer, texts: list[str], **rest: object) -> np.ndarray:
        if "text 4" in texts:
            raise MemoryError
        return plain(model, texts)

    with monkeypatch.context() as patch:
        patch.setattr(encoder, "encode", fail)
        with pytest.raises(MemoryError):
            EmbeddingCache(home).embed(model, texts, fingerprint="f")
    EmbeddingCache(home).embed(model, texts, fingerprint="f")
    assert encode_texts == texts


WRITER = """
import sys, time, types, numpy as np
from pathlib import Path
from lib.models import vector_cache

encoder = sys.modules["lib.models.encoder"] = types.ModuleType("encoder")  # in place of torch and its seconds

class Model:
    def get_embedding_dimension(self): return 4

def slow(model, texts, **rest):
    with open(sys.argv[2], "a") as file:
        file.write("".join(text + "\\n" for text in texts))
    time.sleep(float(sys.argv[3]))
    return np.array([[float(text), 1, 2, 3] for text in texts], dtype=np.float32)

encoder.encode, vector_cache.TEXTS_PER_SEGMENT = slow, 5
rows = vector_cache.EmbeddingCache(Path(sys.argv[1])).embed(Model(), [str(n) for n in range(20)], fingerprint="f")
assert rows[:, 0].tolist() == list(range(20)), rows
"""


def writer(home: Path, log: Path, seconds: float) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", WRITER, str(home), str(log), str(seconds)], env=environment)


def test_two_processes_encode_each_text_once(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "encoded.txt"
    both = [writer(home, log, 0.05) for _ in range(2)]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    assert sorted(log.read_text().split(), key=int) == [str(number) for number in range(20)]


def test_a_killed_writer_leaves_whole_segments_only(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "encoded.txt"
    killed = writer(home, log, 0.5)
    while not log.is_file() or len(log.read_text().split()) < 10:
        assert killed.poll() is None
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    (home / "embeddings" / "f" / f"{TEMPORARY}x").mkdir()
    assert writer(home, log, 0.0).wait(timeout=120) == 0
    encode_texts = log.read_text().split()
    assert set(encode_texts) == {str(number) for number in range(20)}
    assert len(encode_texts) <= 25  # only the block that was being encoded is encoded again
    assert not list((home / "embeddings" / "f").glob(f"{TEMPORARY}*"))
