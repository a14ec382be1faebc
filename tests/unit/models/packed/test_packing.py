"""The unpadded path against the plain one: same loss, same gradients, same vectors; and what it saves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import (
    BatchAllTripletLoss,
    CachedMultipleNegativesRankingLoss,
    CoSENTLoss,
    MatryoshkaLoss,
    MultipleNegativesRankingLoss,
)
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, StaticEmbedding, Transformer
from transformers import AutoTokenizer, BertConfig, RobertaConfig, RobertaModel

from bench.tiny_models import build_model
from lib.errors import TrainingError
from lib.models.encoder import encode
from lib.models.freezing import freeze_lower_layers
from lib.models.packed import activation_cache, active_rows, attention, batches, switch
from lib.models.packed.plan import plan_of

ANCHORS = [
    "sort a list",
    "how do I open a file and read every line of it?",
    "add",
    "join strings with a comma between them",
]
TARGETS = ["sorted(iterable, *, key=None, reverse=False)", "open(file)", "sort a list", "str.join(iterable) " * 6]


def without_dropout(model: SentenceTransformer) -> SentenceTransformer:
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def bert(folder: Path) -> SentenceTransformer:
    return without_dropout(SentenceTransformer(str(folder), device="cpu"))


def roberta(folder: Path, tmp_path: Path) -> SentenceTransformer:
    """A tiny RoBERTa: its positions count from padding_idx + 1."""
    torch.manual_seed(3)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=130,
        type_vocab_size=1,
        pad_token_id=tokenizer.pad_token_id,
    )
    RobertaModel(config).save_pretrained(tmp_path / "roberta")
    tokenizer.save_pretrained(tmp_path / "roberta")
    module = Transformer(str(tmp_path / "roberta"), max_seq_length=64)
    return without_dropout(
        SentenceTransformer(modules=[module, Pooling(32, pooling_mode="mean"), Normalize()], device="cpu")
    )


@pytest.fixture(params=["bert", "roberta"])
def model(request: pytest.FixtureRequest, tiny_model: Path, tmp_path: Path) -> SentenceTransformer:
    return bert(tiny_model) if request.param == "bert" else roberta(tiny_model, tmp_path)


def loss_and_gradients(model: SentenceTransformer, loss: torch.nn.Module, features: list, labels=None) -> tuple:
    model.train()
    model.zero_grad()
    value = loss(features, labels)
    value.backward()
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    return value.item(), gradients


def assert_same(plain: tuple, packed: tuple) -> None:
    assert packed[0] == pytest.approx(plain[0], rel=1e-5)
    assert packed[1].keys() == plain[1].keys()
    gradients = torch.cat([gradient.flatten() for gradient in plain[1].values()])
    other = torch.cat([gradient.flatten() for gradient in packed[1].values()])
    assert float(gradients.norm()) > 1e-4
    assert float((gradients - other).norm() / gradients.norm()) < 1e-5


def test_loss_and_gradients_equal_the_plain_path(model: SentenceTransformer) -> None:
    loss = MultipleNegativesRankingLoss(model)
    plain = loss_and_gradients(model, loss, [model.preprocess(ANCHORS), model.preprocess(TARGETS)])
    with switch.packing(model) as on:
        assert on
        tokens = batches.Tokens(model, ANCHORS + TARGETS)
        packed = loss_and_gradients(model, loss, batches.embed_batch(model, [tokens(ANCHORS), tokens(TARGETS)]))
    assert_same(plain, packed)


def test_columns_apart_equal_the_plain_path_too(model: SentenceTransformer) -> None:
    loss = CoSENTLoss(model)
    labels = torch.tensor([0.1, 0.9, 0.4, 0.6])
    plain = loss_and_gradients(model, loss, [model.preprocess(ANCHORS), model.preprocess(TARGETS)], labels)
    with switch.packing(model):
        features = [model.preprocess(ANCHORS), model.preprocess(TARGETS)]
        packed = loss_and_gradients(model, loss, features, labels)
    assert_same(plain, packed)


@pytest.mark.parametrize("together", [True, False])
def test_matryoshka_and_one_column_losses_equal_the_plain_path(tiny_model: Path, together: bool) -> None:
    model = bert(tiny_model)
    around = MatryoshkaLoss(model, MultipleNegativesRankingLoss(model), [32, 16])
    single, classes = BatchAllTripletLoss(model), torch.tensor([0, 0, 1, 1])
    plain = loss_and_gradients(model, around, [model.preprocess(ANCHORS), model.preprocess(TARGETS)])
    plain_single = loss_and_gradients(model, single, [model.preprocess(ANCHORS)], classes)
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS + TARGETS)
        columns, one = [tokens(ANCHORS), tokens(TARGETS)], [tokens(ANCHORS)]
        packed = loss_and_gradients(model, around, batches.embed_batch(model, columns) if together else columns)
        if together:
            one = batches.embed_batch(model, one)
        packed_single = loss_and_gradients(model, single, one, classes)
    assert_same(plain, packed)
    assert_same(plain_single, packed_single)


def test_a_loss_that_splits_its_batch_can_split_a_packed_one(tiny_model: Path) -> None:
    model = bert(tiny_model)
    loss = CachedMultipleNegativesRankingLoss(model, mini_batch_size=2)
    plain = loss_and_gradients(model, loss, [model.preprocess(ANCHORS), model.preprocess(TARGETS)])
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS + TARGETS)
        packed = loss_and_gradients(model, loss, [tokens(ANCHORS), tokens(TARGETS)])
    assert_same(plain, packed)


def test_encode_of_sentence_transformers_equals_the_plain_path(model: SentenceTransformer) -> None:
    texts = ANCHORS + TARGETS + [""]
    plain = model.encode(texts)
    with switch.packing(model):
        assert np.abs(model.encode(texts) - plain).max() < 1e-5
    assert np.abs(encode(model, texts) - plain).max() < 1e-5
    assert np.array_equal(model.encode(texts), plain)


def test_many_texts_of_many_lengths_equal_the_plain_path(tiny_model: Path) -> None:
    """More texts than one attention group holds, among them ones that fill the model's length."""
    model = bert(tiny_model)
    random = np.random.default_rng(5)
    texts = [" ".join(["word"] * int(count)) for count in random.integers(1, 200, size=90)]
    plain = model.encode(texts, batch_size=90)
    with switch.packing(model):
        assert np.abs(model.encode(texts, batch_size=90) - plain).max() < 1e-5


def test_attention_dropout_keeps_the_mean_and_is_differentiated_as_drawn() -> None:
    """With the same draws the hand-written gradient equals the one autograd finds by finite differences."""
    boundaries = torch.tensor([0, 3, 5, 9], dtype=torch.int32)
    call = attention.AttentionCall(plan_of(boundaries), 2, 0.7, 0.3)
    torch.manual_seed(1)
    parts = [torch.randn(9, 4, dtype=torch.float64, requires_grad=True) for _ in range(3)]

    def attend(*rows: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(2)
        return attention.PackedAttention.apply(*rows, None, call)

    assert torch.autograd.gradcheck(attend, parts, eps=1e-4, atol=1e-2, rtol=1e-2)
    torch.manual_seed(3)
    rows = [part.detach().float() for part in parts]
    draws = torch.stack([attention.PackedAttention.apply(*rows, None, call) for _ in range(4000)])
    expected = attention.PackedAttention.apply(*rows, None, replace(call, dropout=0.0))
    assert float((draws.mean(0) - expected).abs().max()) < 0.1


def test_a_text_that_stands_twice_is_embedded_once(tiny_model: Path) -> None:
    model = bert(tiny_model)
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS + TARGETS)
        seen = []
        handle = model[0].register_forward_pre_hook(
            lambda module, given: seen.append(len(given[0]["cu_seq_lens_q"]) - 1)
        )
        batches.embed_batch(model, [tokens(ANCHORS), tokens(TARGETS)])
        handle.remove()
    assert seen == [7]  # eight texts, "sort a list" twice


def test_tokens_are_what_the_model_makes_of_each_text(tiny_model: Path) -> None:
    model = bert(tiny_model)
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS)
        ours, stock = tokens(ANCHORS), model.preprocess(ANCHORS)
        unknown = tokens(["never seen before"])
    for key in ("input_ids", "position_ids", "cu_seq_lens_q"):
        assert torch.equal(ours[key], stock[key].to(ours[key].dtype))
    assert unknown["input_ids"].shape[1] > 2


def test_off_leaves_no_trace(tiny_model: Path) -> None:
    model = bert(tiny_model)
    before = (model[0].model.config._attn_implementation, model[0].model_forward_params, "forward" in model.__dict__)
    with switch.packing(model, bf16=True):
        assert model[0].model.config._attn_implementation == attention.NAME
    after = (model[0].model.config._attn_implementation, model[0].model_forward_params, "forward" in model.__dict__)
    assert before == after
    assert "attention_mask" in model.preprocess(ANCHORS)


def test_models_that_cannot_be_packed_keep_the_plain_path(tiny_model: Path) -> None:
    tokenizer = bert(tiny_model).tokenizer.backend_tokenizer
    static = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=8)], device="cpu")
    with switch.packing(static) as on:
        assert not on
        features = [static.preprocess(ANCHORS)]
        assert batches.embed_batch(static, features) is features
    causal = bert(tiny_model)
    causal[0].model.config.is_decoder = True
    assert not switch.enable_packing(causal)
    assert isinstance(causal[0].model.config, BertConfig)


def test_a_probe_that_differs_leaves_the_model_plain(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = bert(tiny_model)
    monkeypatch.setitem(attention.AttentionInterface._global_mapping, attention.NAME, wrong_attention)
    assert not switch.enable_packing(model)
    assert model[0].model.config._attn_implementation == "sdpa"


def wrong_attention(module, query, key, value, mask, **kwargs):
    return torch.zeros_like(query).transpose(1, 2), None


def train(model: SentenceTransformer, *, bf16: bool, layers: int = 0) -> torch.Tensor:
    """Three steps; return all weights in one row."""
    torch.manual_seed(0)
    model.train()
    loss = MultipleNegativesRankingLoss(model)
    with switch.packing(model, bf16=bf16):
        tokens = batches.Tokens(model, ANCHORS + TARGETS)
        assert not layers or activation_cache.cache_activations(model, tokens, layers=layers)
        optimizer = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], lr=1e-3, fused=True)
        for _ in range(3):
            optimizer.zero_grad()
            loss(batches.embed_batch(model, [tokens(ANCHORS), tokens(TARGETS)]), None).backward()
            optimizer.step()
            encode(model, ANCHORS)  # an evaluation in between sees the whole model and changes nothing
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


@pytest.mark.parametrize("bf16", [False, True])
def test_the_same_seed_gives_the_same_bits(tiny_model: Path, bf16: bool) -> None:
    first = train(SentenceTransformer(str(tiny_model), device="cpu"), bf16=bf16)
    assert torch.equal(first, train(SentenceTransformer(str(tiny_model), device="cpu"), bf16=bf16))


def test_frozen_lower_layers_train_the_upper_ones_as_the_plain_path_would(tiny_model: Path) -> None:
    """Against a plain training in which the same weights do not move."""
    quick = bert(tiny_model)
    train(quick, bf16=False, layers=1)
    plain = bert(tiny_model)
    for part in (plain[0].model.embeddings, plain[0].model.encoder.layer[0]):
        part.requires_grad_(False)
    train(plain, bf16=False)
    start = bert(tiny_model).state_dict()
    for name, weight in quick.state_dict().items():
        assert torch.allclose(weight, plain.state_dict()[name], atol=1e-5), name
        moved = not torch.equal(weight, start[name])
        assert moved == ("layer.1" in name and "key.bias" not in name) or "key.bias" in name
    assert np.abs(quick.encode(ANCHORS) - plain.encode(ANCHORS)).max() < 1e-4


def test_freezing_more_layers_than_there_are_is_refused(tiny_model: Path) -> None:
    model = bert(tiny_model)
    freeze_lower_layers(model, 1)
    with pytest.raises(TrainingError, match="2 cannot be frozen"):
        freeze_lower_layers(model, 2)


def test_activations_that_need_too_much_memory_are_computed_anew(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activation_cache, "MOST_BYTES", 100)
    model = bert(tiny_model)
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS)
        before = tokens(ANCHORS)["input_ids"]
        assert not activation_cache.cache_activations(model, tokens, layers=1)
        assert torch.equal(tokens(ANCHORS)["input_ids"], before)
    assert not next(model.parameters()).requires_grad


def test_encoding_within_a_training_leaves_its_precision(tiny_model: Path) -> None:
    model = bert(tiny_model)
    with switch.packing(model, bf16=False):
        with switch.packing(model, bf16=True):
            assert model.closer_switch.bf16
        assert not model.closer_switch.bf16
        vectors = model(model.preprocess(ANCHORS))["sentence_embedding"].detach()
    assert np.abs(vectors.numpy() - model.encode(ANCHORS)).max() < 1e-5


STACKS = ["MPNet", "DistilBERT", "ELECTRA", "ModernBERT", "NomicBERT", "Qwen3, windows", "Gemma 3"]
"""Of MPNet all layers share a bias by distance, of ELECTRA a projection is part of what is frozen, and of ModernBERT, Qwen3 and
Gemma 3 a layer's kind goes by its place."""


@pytest.mark.parametrize("name", STACKS)
def test_frozen_layers_compute_the_same_in_every_epoch(name: str, tmp_path: Path) -> None:
    """Kept or computed anew: the same weights come of it, and the lower ones stay."""
    model, plain = (without_dropout(build_model(name, tmp_path)) for _ in range(2))
    start = {name: weight.clone() for name, weight in plain.state_dict().items()}
    freeze_lower_layers(plain, 1)
    train(plain, bf16=False)
    train(model, bf16=False, layers=1)
    frozen = {name for name, weight in plain.named_parameters() if not weight.requires_grad}
    assert 0 < len(frozen) < len(start)
    for name, weight in model.state_dict().items():
        assert torch.allclose(weight, plain.state_dict()[name], atol=1e-5), name
        assert name not in frozen or torch.equal(weight, start[name]), name
    assert any(not torch.equal(weight, start[name]) for name, weight in model.state_dict().items())


ROWS = [
    "def sort(items): return sorted(items)",
    "open a file and read it",
    "join strings",
    "a list, a list and a list [PAD] [UNK]",
]


def train_rows(model: SentenceTransformer, *, active: bool, steps: int = 3) -> torch.Tensor:
    """Train with AdamW and a clipped norm; return all weights in one row."""
    torch.manual_seed(0)
    model.train()
    loss = MultipleNegativesRankingLoss(model)
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS + ROWS)
        rows = active_rows.use_active_rows(model, tokens) if active else None
        assert (rows is not None) == active
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
        if rows is not None:
            rows.join(optimizer)
        for _ in range(steps):
            loss(batches.embed_batch(model, [tokens(ANCHORS), tokens(ROWS)]), None).backward()
            extra = [rows.weight] if rows is not None else []
            torch.nn.utils.clip_grad_norm_([*model.parameters(), *extra], 1.0)
            optimizer.step()
            model.zero_grad()
            encode(model, TARGETS)  # an evaluation reads the whole vocabulary
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


@pytest.mark.parametrize("name", ["BERT", "MPNet", "ModernBERT", "Gemma 3"])
def test_training_the_rows_in_use_gives_what_training_all_does(name: str, tmp_path: Path) -> None:
    start = torch.cat([weight.detach().flatten() for weight in build_model(name, tmp_path).parameters()])
    whole = train_rows(without_dropout(build_model(name, tmp_path)), active=False)
    rows = train_rows(without_dropout(build_model(name, tmp_path)), active=True)
    assert float((whole - start).norm()) > 1e-2
    assert float((rows - whole).norm() / (whole - start).norm()) < 1e-4


def test_rows_are_trained_apart_only_where_they_are_few_and_looked_up(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = bert(tiny_model)
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS)
        before = tokens(ANCHORS)["input_ids"]
        monkeypatch.setattr(active_rows, "MOST_SHARE", 1e-6)
        assert active_rows.use_active_rows(model, tokens) is None
        monkeypatch.undo()
        model[0].model.get_input_embeddings().weight.requires_grad_(False)
        assert active_rows.use_active_rows(model, tokens) is None
        assert torch.equal(tokens(ANCHORS)["input_ids"], before)


def test_an_optimizer_of_some_rows_is_stored_and_loaded_as_one_of_all(tiny_model: Path) -> None:
    model = bert(tiny_model)
    with switch.packing(model):
        tokens = batches.Tokens(model, ANCHORS + ROWS)
        rows = active_rows.use_active_rows(model, tokens)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
        rows.join(optimizer)
        whole = active_rows.WholeOptimizer(optimizer, rows)
        assert whole.state_dict()["state"] == {}
        loss = MultipleNegativesRankingLoss(model)
        loss(batches.embed_batch(model, [tokens(ANCHORS), tokens(ROWS)]), None).backward()
        optimizer.step()
    stored = whole.state_dict()
    vocabulary = model[0].model.get_input_embeddings().weight.shape
    (number,) = [key for key, state in stored["state"].items() if state["exp_avg"].shape == vocabulary]
    moments = stored["state"][number]["exp_avg"]
    assert torch.equal(moments[rows.rows], optimizer.state_dict()["state"][number]["exp_avg"])
    assert int((moments != 0).any(dim=1).sum()) <= len(rows.rows)
    before = {name: part.clone() for name, part in optimizer.state_dict()["state"][number].items()}
    whole.load_state_dict(stored)
    for name, part in optimizer.state_dict()["state"][number].items():
        assert torch.equal(part, before[name]), name
