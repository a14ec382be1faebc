"""Models that people use are taken: each model type that is allowed, and folders as older versions saved them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lib.models import loader
from lib.models.folder_check.check import check_folder
from lib.models.folder_check.transformer import MODEL_TYPES

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
