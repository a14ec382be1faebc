"""A model of a few kilobytes that the loader takes, to be made hostile one setting at a time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a BERT of two layers, 8 dimensions and 31 tokens with a Dense module.

    By sentence-transformers.
    """
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    root = tmp_path_factory.mktemp("small")
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
    )
    words = Tokenizer(models.WordPiece({word: row for row, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer()
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    BertModel(config).save_pretrained(root / "raw")
    PreTrainedTokenizerFast(tokenizer_object=words, mask_token="[MASK]", **names).save_pretrained(root / "raw")
    parts = [Transformer(str(root / "raw"), max_seq_length=32), Pooling(8), Dense(8, 6), Normalize()]
    SentenceTransformer(modules=parts, device="cpu").save_pretrained(str(root / "model"), create_model_card=False)
    return root / "model"


@pytest.fixture
def folder(small_model: Path, tmp_path: Path) -> Path:
    """Copy the small model, so that a test may spoil it."""
    return Path(shutil.copytree(small_model, tmp_path / "model"))


def edit(file: Path, change: Callable[[dict], object]) -> None:
    """Change the settings of a json file."""
    values = json.loads(file.read_text())
    change(values)
    file.write_text(json.dumps(values))
