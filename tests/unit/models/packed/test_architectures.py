"""Each architecture that is packed gives the vectors and gradients of the padded path, and no other is packed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import transformers

from bench import parity
from bench.tiny_models import CONFIGS, build_model
from lib.models.packed import attention, batches, mpnet, switch
from lib.models.packed.architectures import ARCHITECTURES
from lib.models.packed.plan import Visibility

PADDED = {"DeBERTa"}
CASES = {
    "mean of a model with its prompt": parity.Case("", "mean", "normalize", prompt=True),
    "last token, no Normalize": parity.Case("", "lasttoken", "none"),
}
ENDS = {
    "first token": parity.Case("BERT", "cls"),
    "maximum": parity.Case("BERT", "max"),
    "dense": parity.Case("BERT", "mean", "dense"),
    "truncated": parity.Case("BERT", "mean", "truncate"),
}


def model_type(name: str) -> str:
    kind, _ = CONFIGS[name]
    found: str = getattr(transformers, f"{kind}Config").model_type
    return found


def assert_same(difference: parity.Difference | None) -> None:
    assert difference is not None
    assert max(difference.vectors, difference.gradient, difference.encoding) < 1e-6
    assert difference.bf16_vectors > 0.9999
    # two layers of a tiny decoder lose as much in bf16 without packing
    assert difference.bf16_gradient > min(0.9999, difference.padded_bf16_gradient - 5e-5)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in PADDED])
def test_packed_equals_padded(name: str, case: parity.Case, tmp_path: Path) -> None:
    assert_same(parity.compare(parity.Case(name, case.pooling, case.head, case.prompt), tmp_path))


@pytest.mark.parametrize("case", ENDS.values(), ids=list(ENDS))
def test_packed_equals_padded_whatever_follows(case: parity.Case, tmp_path: Path) -> None:
    assert_same(parity.compare(case, tmp_path))


def test_each_architecture_is_compared() -> None:
    assert {model_type(name) for name in CONFIGS if name not in PADDED} == set(ARCHITECTURES)


@pytest.mark.parametrize("name", sorted(PADDED))
def test_others_are_not_packed_and_say_why(name: str, tmp_path: Path) -> None:
    model = build_model(name, tmp_path)
    assert model_type(name) in switch.why_not_packed(model)
    with switch.packing(model) as on:
        assert not on


BREAKS = {
    "ModernBERT": "window",
    "Mistral": "window",
    "EmbeddingGemma": "window",
    "Qwen3": "causal",
    "MPNet": "relative",
}


@pytest.mark.parametrize("name", list(BREAKS))
def test_the_comparison_notices_what_is_left_out(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its window, its causal mask or its bias by distance a model is another one."""
    monkeypatch.setattr(switch, "PROBE_TOLERANCE", 10.0)
    if BREAKS[name] == "relative":
        whole = mpnet._relative_bias
        monkeypatch.setattr(mpnet, "_relative_bias", lambda encoder, longest: 0.0 * whole(encoder, longest))
    else:
        monkeypatch.setattr(attention, "Visibility", lambda causal, window: Visibility(False, 0))
    difference = parity.compare(parity.Case(name), tmp_path)
    assert difference is not None
    assert difference.vectors > 1e-4


@pytest.mark.parametrize("name", ["BERT", "ModernBERT", "Qwen3", "Mistral", "EmbeddingGemma"])
def test_long_texts_equal_the_padded_path_too(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those above LONG tokens are computed by flash attention, again for the gradient."""
    monkeypatch.setattr(attention, "LONG", 20)
    monkeypatch.setattr(attention, "BLOCK", 24)
    monkeypatch.setattr("lib.models.packed.plan.MOST_SCORES", 20**2)
    assert_same(parity.compare(parity.Case(name), tmp_path))


def test_a_copy_of_mpnet_uses_its_own_weights(tmp_path: Path) -> None:
    from lib.recipe.losses import clone_model

    model = build_model("MPNet", tmp_path).eval()
    with switch.packing(model):
        twin = clone_model(model)
        features = batches.Tokens(model, parity.ANCHORS)(parity.ANCHORS)
        before = twin(dict(features))["sentence_embedding"]
        for weight in model.parameters():
            weight.data.mul_(0.5)
        assert torch.equal(twin(dict(features))["sentence_embedding"], before)
