"""A plain transformer, without modules.json, is a base model with a pooling that can be chosen."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

from bench.tiny_models import build_model
from lib import settings
from lib.errors import ModelError
from lib.models import catalog
from lib.models.loader import fingerprint, load_model
from lib.shapes import Shape
from lib.store.names import split_pooling, with_pooling
from tests.unit.training.small import FAST, train_small

TEXTS = ["sort a list", "how do I open a file?"]


@pytest.fixture
def plain(tiny_model: Path, tmp_path: Path) -> Path:
    """Copy the transformer of the tiny model as transformers itself saves it."""
    return Path(shutil.copytree(tiny_model.with_name("tiny-raw"), tmp_path / "plain"))


def hidden_states(folder: Path) -> list[np.ndarray]:
    """Compute each text's token vectors with transformers alone."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return [model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].numpy() for text in TEXTS]


POOLED = {
    "": lambda tokens: tokens.mean(0),
    "mean": lambda tokens: tokens.mean(0),
    "cls": lambda tokens: tokens[0],
    "lasttoken": lambda tokens: tokens[-1],
    "max": lambda tokens: tokens.max(0),
}


@pytest.mark.parametrize("pooling", list(POOLED))
def test_it_is_loaded_with_the_pooling_of_its_name(pooling: str, plain: Path, home: Path) -> None:
    model = load_model(with_pooling(str(plain), pooling), device="cpu", home=home)
    expected = np.stack([POOLED[pooling](tokens) for tokens in hidden_states(plain)])
    assert np.abs(model.encode(TEXTS) - expected).max() < 1e-5
    assert model.max_seq_length == 128


def test_each_pooling_is_another_model_to_the_cache(plain: Path, home: Path) -> None:
    marks = {fingerprint(load_model(with_pooling(str(plain), one), device="cpu", home=home)) for one in ("mean", "cls")}
    assert len(marks) == 2


def test_a_decoder_is_pooled_by_its_last_token(home: Path, tmp_path: Path) -> None:
    build_model("Qwen3", tmp_path / "decoder")
    model = load_model(str(tmp_path / "decoder"), device="cpu", home=home)
    assert model[1].pooling_mode == "lasttoken"


def test_it_is_trained_and_saved_with_its_pooling(plain: Path, tmp_path: Path) -> None:
    session = train_small(Shape.PAIRS, replace(FAST, epochs=1, pooling="cls"), model=plain, folder=tmp_path)
    assert any("pooled by: cls" in line for line in session.progress.logs)
    tuned = SentenceTransformer(str(session.result.model_dir), device="cpu")
    assert tuned[1].pooling_mode == "cls"


def test_a_model_with_a_pooling_of_its_own_keeps_it(tiny_model: Path, tmp_path: Path) -> None:
    session = train_small(Shape.PAIRS, replace(FAST, epochs=1, pooling="cls"), model=tiny_model, folder=tmp_path)
    assert any("left out: Pooling" in line for line in session.progress.logs)
    assert SentenceTransformer(str(session.result.model_dir), device="cpu")[1].pooling_mode == "mean"


def test_the_download_cache_holds_plain_ones_too(
    plain: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    shutil.copytree(plain, tmp_path / "hub/models--someone--encoder/snapshots" / ("a" * 40))
    assert catalog.is_plain_name("someone/encoder#cls", home=home)
    facts = catalog.check_model("someone/encoder", home=home)
    assert facts is not None
    assert facts.is_plain
    assert "someone/encoder" not in {entry.name for entry in catalog.entries(home)}


def test_a_model_that_lost_its_modules_is_not_taken_for_a_plain_one(
    tiny_model: Path, home: Path, tmp_path: Path
) -> None:
    """It would be loaded without its Normalize, and no message said so."""
    folder = Path(shutil.copytree(tiny_model, tmp_path / "lost"))
    (folder / "modules.json").unlink()
    with pytest.raises(ModelError, match="modules.json"):
        load_model(str(folder), device="cpu", home=home)


BROKEN = {
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no model"),
    "another width": (lambda folder: edit(folder, hidden_size=64), "64"),
    "more layers": (lambda folder: edit(folder, num_hidden_layers=3), "3"),
}


def edit(folder: Path, **changes: int) -> None:
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(values | changes))


@pytest.mark.parametrize("name", list(BROKEN))
def test_a_broken_one_is_refused_by_name(name: str, plain: Path, home: Path) -> None:
    damage, word = BROKEN[name]
    damage(plain)
    with pytest.raises(ModelError, match=word):
        load_model(str(plain), device="cpu", home=home)


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2", " all-MiniLM-L6-v2 "])
def test_the_bundled_model_needs_no_owner(name: str, home: Path) -> None:
    assert settings.BUNDLED_MODEL.endswith("all-MiniLM-L6-v2")
    assert catalog.resolve(name, home=home) == catalog.bundled_folder()


def test_only_known_poolings_are_split_from_a_name() -> None:
    assert split_pooling("a/b#cls") == ("a/b", "cls")
    assert split_pooling("a/b#c") == ("a/b#c", "")
    assert split_pooling("#cls") == ("#cls", "")
    assert with_pooling("a/b", "") == "a/b"
