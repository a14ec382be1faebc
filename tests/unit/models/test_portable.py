"""A saved model has the names that all versions of sentence-transformers know, and gives the same vectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Dense, Normalize, Pooling, Transformer

from lib.data.model_inputs import PLAIN_READING
from lib.models.portable import save_portable, write_earlier_form

TEXTS = ["sort a list", "open a file and read what it holds", "x"]


def build(tiny_model: Path, pooling: str | list[str]) -> SentenceTransformer:
    modes = [pooling] if isinstance(pooling, str) else pooling
    wide = Pooling(32, pooling_mode=pooling)  # type: ignore[arg-type]
    chain = [Transformer(str(tiny_model), max_seq_length=48), wide, Dense(32 * len(modes), 16), Normalize()]
    return SentenceTransformer(modules=chain, device="cpu")


@pytest.mark.parametrize("pooling", ["mean", "cls", "lasttoken", ["cls", "mean"]], ids=str)
def test_the_earlier_names_give_the_same_model(tiny_model: Path, tmp_path: Path, pooling: str | list[str]) -> None:
    model = build(tiny_model, pooling)
    save_portable(model, tmp_path / "model", reading=PLAIN_READING)
    modules = json.loads((tmp_path / "model" / "modules.json").read_text())
    kinds = ["Transformer", "Pooling", "Dense", "Normalize"]
    assert [one["type"] for one in modules] == [f"sentence_transformers.models.{kind}" for kind in kinds]
    settings = json.loads((tmp_path / "model" / "1_Pooling" / "config.json").read_text())
    modes = [pooling] if isinstance(pooling, str) else pooling
    flags = [name for name, value in settings.items() if value is True and name != "include_prompt"]
    assert len(flags) == len(modes)
    assert json.loads((tmp_path / "model" / "sentence_bert_config.json").read_text())["max_seq_length"] == 48
    assert set(json.loads((tmp_path / "model" / "2_Dense" / "config.json").read_text())) == {
        "in_features",
        "out_features",
        "bias",
        "activation_function",
    }
    again = SentenceTransformer(str(tmp_path / "model"), device="cpu")
    assert again.max_seq_length == 48
    assert np.allclose(again.encode(TEXTS), model.encode(TEXTS), atol=1e-6)


def test_what_the_earlier_names_cannot_say_stays_as_it_was_saved(tiny_model: Path, tmp_path: Path) -> None:
    model = build(tiny_model, ["mean", "cls"])  # joined in another order than the flags would
    model.save_pretrained(str(tmp_path), create_model_card=False)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    write_earlier_form(tmp_path, longest=48)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before
