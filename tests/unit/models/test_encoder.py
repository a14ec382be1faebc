"""The encoder gives what `model.encode` gives, encodes nothing twice, and can be stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from lib import settings
from lib.errors import CancelledError
from lib.models import encoder, loader
from lib.models.packed import switch
from lib.progress import Silent

TEXTS = ["one", "two words", "", "a much longer text about nothing in particular " * 8, "one", "naïve café 東京"]


def test_rows_come_in_the_order_of_the_texts(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu")
    found = encoder.encode(model, TEXTS, batch=2)
    assert found.dtype == np.float32
    assert np.abs(found - model.encode(TEXTS)).max() < 1e-5
    assert np.array_equal(found[0], found[4])


def test_slow_and_fast_agree_on_the_bundled_model(home: Path) -> None:
    """bf16, where this machine gains from it, stays within the mean cosine that the product promises."""
    model = loader.load_model(settings.BUNDLED_MODEL, device="cpu", home=home)
    fast, slow = encoder.encode(model, TEXTS), encoder.encode(model, TEXTS, fast=False)
    assert float((fast * slow).sum(1).mean()) > 0.9999
    assert np.abs(slow - model.encode(TEXTS)).max() < 1e-6


@pytest.mark.parametrize("included", [True, False])
def test_a_default_prompt_stands_before_every_text_as_in_encode(tiny_model: Path, included: bool) -> None:
    plain = SentenceTransformer(str(tiny_model), device="cpu")
    model = SentenceTransformer(
        str(tiny_model), device="cpu", prompts={"query": "search for: "}, default_prompt_name="query"
    )
    model.set_pooling_include_prompt(included)
    for fast in (True, False):
        found = encoder.encode(model, TEXTS[:4], batch=2, fast=fast)
        assert np.abs(found - model.encode(TEXTS[:4])).max() < 1e-5
        assert np.abs(found - plain.encode(TEXTS[:4])).max() > 1e-3
    assert loader.fingerprint(model) != loader.fingerprint(plain)


def test_every_distinct_text_is_encoded_once(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu")
    seen: list[str] = []
    plain = model.preprocess
    model.preprocess = lambda texts, **rest: seen.extend(texts) or plain(texts, **rest)  # type: ignore[method-assign]
    with switch.packing(model):
        seen.clear()
        encoder.encode(model, TEXTS * 3)
    assert sorted(seen) == sorted(set(TEXTS))


def test_the_model_is_left_as_it_was(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu").train()
    encoder.encode(model, TEXTS)
    assert model.training
    assert "attention_mask" in model.preprocess(["plain again"])
    assert next(model.parameters()).dtype == torch.float32


def test_within_training_the_unpadded_path_stays_on(tiny_model: Path) -> None:
    model = SentenceTransformer(str(tiny_model), device="cpu")
    with switch.packing(model):
        encoder.encode(model, TEXTS)
        assert "cu_seq_lens_q" in model.preprocess(["still packed"])


def test_nothing_to_encode_gives_no_rows(tiny_model: Path) -> None:
    assert encoder.encode(SentenceTransformer(str(tiny_model), device="cpu"), []).shape == (0, 32)


class Stops(Silent):
    """A progress whose user asks to stop after the first block."""

    def __init__(self) -> None:
        self.reports: list[tuple[float, float]] = []

    def advance(self, done: float, total: float, **facts: float) -> None:
        self.reports.append((done, total))

    def check(self) -> None:
        if self.reports:
            raise CancelledError("Stopped.")


def test_it_can_be_stopped_between_blocks_and_tells_how_far_it_is(tiny_model: Path) -> None:
    model, progress = SentenceTransformer(str(tiny_model), device="cpu"), Stops()
    with pytest.raises(CancelledError):
        encoder.encode(model, TEXTS, batch=2, progress=progress)
    assert progress.reports == [(2, 5)]
    assert "attention_mask" in model.preprocess(["plain again"])


def test_a_block_holds_so_many_tokens(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text counts by its bytes, or by the model's limit where it is cut: however long it is."""
    monkeypatch.setattr(encoder, "MOST_TOKENS", 300)
    progress = Stops()
    progress.check = lambda: None  # type: ignore[method-assign]
    texts = [f"{number} " + "word " * 6_000 for number in range(5)] + [f"short {number:3d}" for number in range(60)]
    found = encoder.encode(SentenceTransformer(str(tiny_model), device="cpu"), texts, progress=progress)
    assert [done for done, _ in progress.reports] == [2, 4, 6, 39, 65]
    assert np.isfinite(found).all()


def test_most_tokens_counts_bytes_up_to_the_limit() -> None:
    assert encoder.most_tokens("東京", limit=128) == 6
    assert encoder.most_tokens("a" * 500, limit=128) == 128
    assert encoder.most_tokens("a" * 500, limit=None) == 500
    assert encoder.most_tokens("", limit=128) == 1
    assert encoder.most_tokens("\ud800", limit=128) == 3
