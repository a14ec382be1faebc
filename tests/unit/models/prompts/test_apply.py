"""Texts with prompts become the vectors of sentence-transformers' own `encode` with a prompt, also from a saved folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from lib.data.model_inputs import Reading, Role
from lib.models.encoder import encode
from lib.models.loader import fingerprint, load_model
from lib.models.packed import switch
from lib.models.packed.batches import Tokens, embed_batch
from lib.models.prompts.apply import saved_prompts
from lib.models.prompts.known_models import KNOWN_MODELS
from lib.training.loop import tokenize_column

TEXTS = ["sort a list", "a list", "how do I open a file that is not there", "query"]
READINGS = {
    "both": Reading("query: ", "passage: ", default_prompt=False),
    "query": Reading("Represent this: ", "", default_prompt=False),
    "one": Reading("task: like | ", "task: like | ", default_prompt=False),
    "nested": Reading("find: ", "find: answers: ", default_prompt=False),
}
POOLINGS = ["mean", "cls", "max", "lasttoken", "weightedmean"]


def save_variant(tiny_model: Path, folder: Path, *, pooling: str = "mean", include_prompt: bool = True) -> Path:
    """Write the tiny model with another pooling."""
    model = SentenceTransformer(str(tiny_model), device="cpu")
    model[1].pooling_mode = pooling
    model.set_pooling_include_prompt(include_prompt)
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


def own_vectors(folder: Path, reading: Reading, role: Role) -> np.ndarray:
    """Embed by sentence-transformers alone."""
    model = SentenceTransformer(str(folder), device="cpu")
    return np.asarray(model.encode(TEXTS, prompt=reading.prompt(role)))


@pytest.mark.parametrize("name", list(READINGS))
@pytest.mark.parametrize("included", [True, False], ids=["pooled", "left out"])
@pytest.mark.parametrize("fast", [True, False], ids=["packed", "padded"])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_vectors_are_those_of_encode_with_a_prompt(
    name: str, included: bool, fast: bool, pooling: str, tiny_model: Path, tmp_path: Path, home: Path
) -> None:
    """Queries and documents in one call, so that blocks would mix them."""
    folder, reading = save_variant(tiny_model, tmp_path / "m", pooling=pooling, include_prompt=included), READINGS[name]
    model = load_model(str(folder), reading=reading, device="cpu", home=home)
    roles = (Role.QUERY, Role.DOCUMENT)
    found = encode(model, [text for role in roles for text in reading.read(TEXTS, role)], fast=fast)
    expected = np.concatenate([own_vectors(folder, reading, role) for role in roles])
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs(found - np.tile(own_vectors(folder, Reading(), Role.QUERY), (2, 1))).max() > 1e-3


@pytest.mark.parametrize("packed", [True, False])
def test_a_training_batch_leaves_out_the_tokens_of_each_columns_prompt(
    packed: bool, tiny_model: Path, tmp_path: Path, home: Path
) -> None:
    folder, reading = save_variant(tiny_model, tmp_path / "m", include_prompt=False), READINGS["both"]
    model = load_model(str(folder), reading=reading, device="cpu", home=home)
    columns = [reading.read(TEXTS, role) for role in (Role.QUERY, Role.DOCUMENT)]
    with switch.packing(model) as on:
        assert on
        if packed:
            tokens = Tokens(model, [text for column in columns for text in column])
            features = embed_batch(model, [tokens(column, task=None) for column in columns])
            assert all("cu_seq_lens_q" in column for column in features)
            rows = [model(column)["sentence_embedding"] for column in features]
    if not packed:
        rows = [model(tokenize_column(model, column, task=None))["sentence_embedding"] for column in columns]
    for row, role in zip(rows, (Role.QUERY, Role.DOCUMENT), strict=True):
        assert np.abs(row.detach().numpy() - own_vectors(folder, reading, role)).max() < 1e-5


def test_prompts_are_part_of_what_vectors_are_cached_by(tiny_model: Path, home: Path) -> None:
    marks = {
        fingerprint(load_model(str(tiny_model), reading=reading, device="cpu", home=home))
        for reading in READINGS.values()
    }
    assert len(marks) == len(READINGS)
    bare = load_model(str(tiny_model), reading=Reading("", "", default_prompt=False), device="cpu", home=home)
    assert fingerprint(bare) == fingerprint(load_model(str(tiny_model), device="cpu", home=home))


FRESH = """
import json, sys
from sentence_transformers import SentenceTransformer
folder, texts = sys.argv[1], json.loads(sys.argv[2])
model = SentenceTransformer(folder, device="cpu")
vectors = [model.encode_query(texts), model.encode_document(texts), model.encode(texts)]
print(json.dumps([model.prompts, model.default_prompt_name, [rows.tolist() for rows in vectors]]))
"""


@pytest.mark.parametrize("name", list(READINGS))
def test_a_saved_model_gives_our_vectors_in_a_fresh_process(name: str, tmp_path: Path, home: Path) -> None:
    """The real model, by sentence-transformers alone: to 1e-5."""
    reading = READINGS[name]
    model = load_model("sentence-transformers/all-MiniLM-L6-v2", reading=reading, device="cpu", home=home)
    ours = [encode(model, reading.read(TEXTS, role), fast=False) for role in (Role.QUERY, Role.DOCUMENT)]
    with saved_prompts(model, reading):
        model.save_pretrained(str(tmp_path / "saved"), create_model_card=False)
    assert model.default_prompt_name is None
    command = [sys.executable, "-c", FRESH, str(tmp_path / "saved"), json.dumps(TEXTS)]
    prompts, default, rows = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert (prompts["query"], prompts["document"]) == (reading.query, reading.document)
    assert default == ("query" if name == "one" else None)
    for found, expected in zip(rows, ours, strict=False):
        assert np.abs(np.asarray(found) - expected).max() < 1e-5
    if name == "one":
        assert np.abs(np.asarray(rows[2]) - ours[0]).max() < 1e-5


def test_every_known_prompt_can_be_a_recipes(tmp_path: Path) -> None:
    from lib.recipe.recipe import Recipe

    for row in KNOWN_MODELS:
        for prompt in (row.query, row.document, row.similarity, row.classification):
            assert Recipe(query_prompt=prompt).query_prompt == prompt
