"""Each architecture, from a file to the map by the command, with prompts: tiny random models, nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from bench.tiny_models import CONFIGS, build_model
from lib.__main__ import main
from lib.projection.store import load_map
from lib.store.runs import Run
from lib.store.snapshots import read_snapshots
from lib.store.workspace import open_workspace
from tests.unit.training.small import frame_of

PROMPTS = {"query": "query: ", "document": "passage: "}
QUICK = ["--threads", "1", "--epochs", "1", "--learning-rate", "2e-3", "--batch-size", "16", "--precision", "fp32"]
DECODERS = {"Qwen2", "Qwen3", "Qwen3, windows", "Llama", "Mistral"}
"""Those that embed a text by its last token, as their authors mean it."""


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a file of 60 pairs."""
    path = tmp_path_factory.mktemp("data") / "pairs.csv"
    frame_of("pairs", rows=60)[["anchor", "positive"]].to_csv(path, index=False)  # type: ignore[arg-type]
    return path


def save_prompted(name: str, folder: Path) -> Path:
    """Write a model of this architecture that brings its prompts."""
    pooling = "lasttoken" if name in DECODERS else "mean"
    model = build_model(name, folder.with_name("transformer"), pooling=pooling)
    if len(model.tokenizer) > model[0].auto_model.config.vocab_size:  # Qwen2's adds a token of its own
        model[0].auto_model.resize_token_embeddings(len(model.tokenizer), mean_resizing=False)
    model.prompts = PROMPTS
    model.save_pretrained(str(folder), create_model_card=False)
    return folder


@pytest.mark.parametrize("name", list(CONFIGS))
def test_an_architecture_goes_from_a_file_to_the_map(
    name: str, pairs: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = save_prompted(name, tmp_path / "base")
    assert main(["train", str(pairs), "--model", str(base), *QUICK, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out.strip().splitlines()[-1])["runs"]
    (run,) = open_workspace(home).runs.all()
    assert run.state == "succeeded"
    assert not run.is_unchanged
    assert ("Batches are packed" in run.paths.events.read_text(encoding="utf-8")) == (name != "DeBERTa")
    assert result["tuned"].keys() == result["base"].keys() >= {"mrr@10", "recall@1"}
    drawn = load_map(run)
    assert drawn is not None
    assert {"base", "best"} <= drawn.coordinates.keys()
    assert all(np.isfinite(places).all() for places in drawn.coordinates.values())
    assert_prompts_kept(run)


def assert_prompts_kept(run: Run) -> None:
    """Check that the saved model, alone, gives each text the vector that was followed (in bf16), behind its prompt."""
    tuned = SentenceTransformer(str(run.model_dir), device="cpu")
    assert {role: tuned.prompts[role] for role in PROMPTS} == PROMPTS
    stored, frame = read_snapshots(run.paths.snapshots.folder), open_workspace().datasets.get(run.dataset).frame()
    rows = dict(zip(stored.texts(), np.asarray(stored.vectors("best")), strict=True))
    for column, encode in (("anchor", tuned.encode_query), ("positive", tuned.encode_document)):
        texts = frame[column].head(8).tolist()
        followed = np.stack([rows[text] for text in texts])
        cosines, bare = ((vectors * followed).sum(1) for vectors in (encode(texts), tuned.encode(texts, prompt="")))
        assert cosines.min() > 0.999
        assert (cosines > bare).all()
