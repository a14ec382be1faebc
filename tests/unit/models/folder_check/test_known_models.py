"""Models that people use are taken: each allowed model type, and folders as older versions saved them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from lib.errors import ModelError
from lib.models import catalog, loader
from lib.models.folder_check.check import check_folder
from lib.models.folder_check.json_settings import JsonSettings
from lib.models.folder_check.modules import MODULE_TYPES
from lib.models.folder_check.problem import FolderProblemError
from lib.models.folder_check.transformer import CONFIG_NAMES, MODEL_TYPES, check_config
from tests.unit.models.folder_check.conftest import WORDS, edit

SIZES = {
    "vocab_size": 40,
    "hidden_size": 8,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 4,
    "intermediate_size": 16,
    "max_position_embeddings": 34,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "mask_token_id": 4,
}
OTHER_SIZES: dict[str, dict[str, Any]] = {
    "distilbert": {"vocab_size": 40, "dim": 8, "n_layers": 3, "n_heads": 2, "hidden_dim": 16, "pad_token_id": 0},
    "albert": {"embedding_size": 4},
    "electra": {"embedding_size": 4},
    "modernbert": {"cls_token_id": 2, "sep_token_id": 3},
    "t5": {"d_model": 8, "d_kv": 4, "d_ff": 16, "num_layers": 3, "num_heads": 2, "vocab_size": 40, "pad_token_id": 0},
    "mt5": {"d_model": 8, "d_kv": 4, "d_ff": 16, "num_layers": 3, "num_heads": 2, "vocab_size": 40, "pad_token_id": 0},
}
ALONE = ("distilbert", "t5", "mt5")


def build(kind: str, root: Path, tokenizer: Path) -> Path:
    """Save a tiny model of a type, random, by transformers and sentence-transformers."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoModel, AutoTokenizer
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    torch.manual_seed(3)
    settings = CONFIG_MAPPING[kind]
    asked = OTHER_SIZES[kind] if kind in ALONE else SIZES | OTHER_SIZES.get(kind, {})
    known = {name: value for name, value in asked.items() if hasattr(settings(), name)}
    AutoModel.from_config(settings(**known)).save_pretrained(root / "raw")
    AutoTokenizer.from_pretrained(tokenizer).save_pretrained(root / "raw")
    parts = [Transformer(str(root / "raw"), max_seq_length=16), Pooling(8)]
    SentenceTransformer(modules=parts, device="cpu").save_pretrained(str(root / "model"), create_model_card=False)
    return root / "model"


@pytest.mark.parametrize("kind", sorted(MODEL_TYPES))
def test_each_model_type_is_taken_as_it_is_saved(kind: str, small_model: Path, home: Path, tmp_path: Path) -> None:
    folder = build(kind, tmp_path, small_model)
    model = loader.load_model(str(folder), device="cpu", home=home)
    assert model.encode("a b").shape == (8,)
    assert check_folder(folder).dimension == 8


PUBLIC: dict[str, dict[str, Any]] = {
    "BAAI/bge-small-en-v1.5": {
        "_name_or_path": "/root/.cache/torch/sentence_transformers/BAAI_bge-small-en/",
        "architectures": ["BertModel"],
        "attention_probs_dropout_prob": 0.1,
        "classifier_dropout": None,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "hidden_size": 384,
        "id2label": {"0": "LABEL_0"},
        "initializer_range": 0.02,
        "intermediate_size": 1536,
        "label2id": {"LABEL_0": 0},
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 512,
        "model_type": "bert",
        "num_attention_heads": 12,
        "num_hidden_layers": 12,
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
        "torch_dtype": "float32",
        "transformers_version": "4.30.0",
        "type_vocab_size": 2,
        "use_cache": True,
        "vocab_size": 30522,
    },
    "intfloat/multilingual-e5-small": {
        "_name_or_path": "intfloat/multilingual-e5-small",
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": 384,
        "vocab_size": 250037,
        "tokenizer_class": "XLMRobertaTokenizer",
        "type_vocab_size": 2,
    },
    "BAAI/bge-m3": {
        "architectures": ["XLMRobertaModel"],
        "bos_token_id": 0,
        "eos_token_id": 2,
        "max_position_embeddings": 8194,
        "model_type": "xlm-roberta",
        "output_past": True,
        "torch_dtype": "float32",
        "type_vocab_size": 1,
        "vocab_size": 250002,
    },
    "sentence-transformers/all-mpnet-base-v2": {
        "_name_or_path": "microsoft/mpnet-base",
        "architectures": ["MPNetForMaskedLM"],
        "bos_token_id": 0,
        "eos_token_id": 2,
        "hidden_act": "gelu",
        "max_position_embeddings": 514,
        "model_type": "mpnet",
        "pad_token_id": 1,
        "relative_attention_num_buckets": 32,
        "transformers_version": "4.8.2",
        "vocab_size": 30527,
    },
    "sentence-transformers/LaBSE": {
        "architectures": ["BertModel"],
        "directionality": "bidi",
        "gradient_checkpointing": False,
        "model_type": "bert",
        "pooler_fc_size": 768,
        "pooler_num_attention_heads": 12,
        "pooler_num_fc_layers": 3,
        "pooler_size_per_head": 128,
        "pooler_type": "first_token_transform",
        "vocab_size": 501153,
    },
    "sentence-transformers/gtr-t5-base": {
        "architectures": ["T5EncoderModel"],
        "d_ff": 3072,
        "d_kv": 64,
        "d_model": 768,
        "decoder_start_token_id": 0,
        "dropout_rate": 0.1,
        "feed_forward_proj": "relu",
        "initializer_factor": 1.0,
        "is_encoder_decoder": True,
        "layer_norm_epsilon": 1e-06,
        "model_type": "t5",
        "n_positions": 512,
        "num_decoder_layers": 12,
        "num_heads": 12,
        "num_layers": 12,
        "output_past": True,
        "relative_attention_num_buckets": 32,
        "task_specific_params": {"summarization": {"early_stopping": True, "num_beams": 4, "prefix": "summarize: "}},
        "vocab_size": 32128,
    },
    "answerdotai/ModernBERT-base": {
        "architectures": ["ModernBertForMaskedLM"],
        "attention_bias": False,
        "classifier_activation": "gelu",
        "classifier_pooling": "mean",
        "cls_token_id": 50281,
        "decoder_bias": True,
        "deterministic_flash_attn": False,
        "global_attn_every_n_layers": 3,
        "global_rope_theta": 160000.0,
        "gradient_checkpointing": False,
        "hidden_activation": "gelu",
        "initializer_cutoff_factor": 2.0,
        "local_attention": 128,
        "local_rope_theta": 10000.0,
        "model_type": "modernbert",
        "norm_bias": False,
        "position_embedding_type": "absolute",
        "repad_logits_with_grad": False,
        "sparse_pred_ignore_index": -100,
        "sparse_prediction": False,
        "torch_dtype": "float32",
    },
    "microsoft/deberta-v3-base": {
        "model_type": "deberta-v2",
        "attention_probs_dropout_prob": 0.1,
        "max_relative_positions": -1,
        "norm_rel_ebd": "layer_norm",
        "pooler_dropout": 0,
        "pooler_hidden_act": "gelu",
        "pos_att_type": "p2c|c2p",
        "position_biased_input": False,
        "position_buckets": 256,
        "relative_attention": True,
        "share_att_key": True,
    },
    "Qwen/Qwen3-Embedding-0.6B": {
        "architectures": ["Qwen3ForCausalLM"],
        "attention_bias": False,
        "head_dim": 128,
        "hidden_act": "silu",
        "max_window_layers": 28,
        "model_type": "qwen3",
        "num_key_value_heads": 8,
        "rms_norm_eps": 1e-06,
        "rope_scaling": None,
        "rope_theta": 1000000,
        "sliding_window": None,
        "torch_dtype": "bfloat16",
        "use_sliding_window": False,
    },
    "google/embeddinggemma-300m": {
        "_sliding_window_pattern": 6,
        "architectures": ["Gemma3TextModel"],
        "attn_logit_softcapping": None,
        "layer_types": ["sliding_attention", "full_attention"],
        "model_type": "gemma3_text",
        "query_pre_attn_scalar": 256,
        "rope_local_base_freq": 10000.0,
        "use_bidirectional_attention": True,
    },
}
"""Settings that public models publish in config.json, those that are common to all of them left out of most."""


@pytest.mark.parametrize("name", list(PUBLIC))
def test_the_settings_of_public_models_are_known(name: str) -> None:
    check_config(JsonSettings("config.json", PUBLIC[name]))  # raises where one is unknown
    with pytest.raises(FolderProblemError, match="auto_map"):
        check_config(JsonSettings("config.json", PUBLIC[name] | {"auto_map": {"AutoModel": "modeling.Model"}}))


def test_every_module_name_is_that_of_its_class() -> None:
    """A name that sentence-transformers itself does not know would only fail later."""
    from sentence_transformers.util.misc import import_from_string

    found = {}
    for name in MODULE_TYPES:
        try:
            found[name] = import_from_string(name).__name__
        except ImportError:
            continue
    assert found == {name: MODULE_TYPES[name] for name in found}
    assert set(found.values()) == set(MODULE_TYPES.values())


@pytest.mark.parametrize("version", [2, 4, 5])
def test_folders_of_older_versions_are_taken(version: int, folder: Path, home: Path) -> None:
    """Use older names of classes and settings, a transformer in a subfolder, one word a line."""
    names = {"Transformer": "Transformer", "Pooling": "Pooling", "Dense": "Dense", "Normalize": "Normalize"}
    chain = json.loads((folder / "modules.json").read_text())
    for entry in chain:
        entry["type"] = f"sentence_transformers.models.{names[entry['type'].rsplit('.', 1)[1]]}"
    (folder / "modules.json").write_text(json.dumps(chain))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 32, "do_lower_case": False}))
    flags = {"pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False}
    (folder / "1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": 8, **flags}))
    edit(folder / "config_sentence_transformers.json", lambda values: values.pop("model_type"))
    if version == 4:
        edit(folder / "config.json", lambda values: values.update(torch_dtype=values.pop("dtype")))
        edit(folder / "config.json", lambda values: values.update(_attn_implementation_autoset=True))
    if version == 2:
        (folder / "tokenizer.json").unlink()
        (folder / "vocab.txt").write_text("\n".join(WORDS))
        edit(folder / "tokenizer_config.json", lambda values: values.update(tokenizer_class="BertTokenizer"))
    model = loader.load_model(str(folder), device="cpu", home=home)
    assert model.encode("a b").shape == (6,)


def test_a_static_model_is_taken(folder: Path, home: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    words = Tokenizer.from_file(str(folder / "tokenizer.json"))
    made = SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=4)], device="cpu")
    made.save_pretrained(str(tmp_path / "static"), create_model_card=False)
    assert check_folder(tmp_path / "static").is_static
    assert loader.load_model(str(tmp_path / "static"), device="cpu", home=home).encode("a").shape == (4,)


def test_weights_that_only_the_loader_misses_are_named(folder: Path, home: Path) -> None:
    """Leave out what all layers lack: the header check compares them, only loading shows it."""
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "attention.self.query.bias" not in name}
    save_file(kept, folder / "model.safetensors")
    assert check_folder(folder).dimension == 6
    with pytest.raises(ModelError, match="query.bias"):
        loader.load_model(str(folder), device="cpu", home=home)


def test_a_text_is_never_longer_than_the_positions(folder: Path, home: Path) -> None:
    edit(folder / "sentence_bert_config.json", lambda values: values.update(max_seq_length=100_000))
    model = loader.load_model(str(folder), device="cpu", home=home)
    assert model.max_seq_length == 32
    assert model.encode("a " * 3_000).shape == (6,)


def test_the_catalog_knows_a_static_model_without_loading_it(home: Path, tiny_model: Path) -> None:
    facts = catalog.check_model(str(tiny_model), home=home)
    assert facts is not None
    assert not facts.is_static
    assert catalog.check_model("someone/not-here", home=home) is None


@pytest.mark.parametrize("kind", sorted(MODEL_TYPES))
def test_no_setting_of_a_model_type_is_new(kind: str) -> None:
    """A version of transformers that knows more settings is noticed: look at what they do, then list or refuse them."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    config = CONFIG_MAPPING[kind]
    fields = {field.name for field in dataclasses.fields(config)}
    known = fields | set(config().to_dict()) | set(config.attribute_map)
    assert len(fields) > 20
    assert sorted(known - CONFIG_NAMES) == []


MODULE_SETTINGS: dict[str, set[str]] = {
    "Transformer": {
        *("transformer_task", "modality_config", "module_output_name", "processing_kwargs", "max_seq_length"),
        *("do_lower_case", "unpad_inputs", "query_length", "document_length", "query_expansion"),
    },
    "Pooling": {"embedding_dimension", "pooling_mode", "include_prompt"},
    "Dense": {
        *("in_features", "out_features", "bias", "activation_function", "module_input_name", "module_output_name"),
        "use_residual",
    },
    "Normalize": {"module_input_name", "module_output_name"},
    "StaticEmbedding": set(),
    "LayerNorm": {"dimension"},
    "Dropout": {"dropout"},
}
"""Settings of each module that were looked at: each is read with its range, or refused."""


def test_each_module_that_is_loaded_was_looked_at() -> None:
    assert set(MODULE_SETTINGS) == set(MODULE_TYPES.values())


@pytest.mark.parametrize("kind", sorted(MODULE_SETTINGS))
def test_no_setting_of_a_module_is_new(kind: str) -> None:
    """The same for a version of sentence-transformers."""
    from sentence_transformers.sentence_transformer import modules

    assert sorted(set(getattr(modules, kind).config_keys) - MODULE_SETTINGS[kind]) == []
