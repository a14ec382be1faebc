"""Hold a loaded model to its folder, and say why a tokenizer cannot be loaded."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer

from lib.models.folder_check.check import FolderFacts
from lib.models.folder_check.problem import quote, quote_names

TRIAL_TEXT, LONGEST_TRIAL = "a", 50_000
"""A text that a model encodes once it is loaded: a chain of modules that does not work fails here.

It is repeated, up to so many times, to see whether the tokenizer cuts a text that is too long.
"""

LARGEST_WEIGHT = 65_504.0
"""The largest number of half precision.

Weights of published models lie below a hundred. Beyond this, a few products and squares, as normalisation and AdamW take
them, leave float32, and the loss becomes nan at some text.
"""

_POOLER = re.compile(r"(?:^|\.)pooler\.")
"""Weights that no sentence embedding uses: pooling takes the last hidden states."""


@torch.inference_mode()
def check_loaded(model: SentenceTransformer, facts: FolderFacts, missing: list[str]) -> None:
    """Hold a loaded model to its folder, and check that a text becomes finite numbers.

    No weights are drawn at random or too large. Its longest text is what its positions allow. Raises ValueError.
    """
    if drawn := [name for name in missing if not _POOLER.search(name)]:
        raise ValueError(f"its folder lacks the weights {quote_names(drawn)}.")
    _check_weights(model)
    _check_added_tokens(model, facts)
    if not facts.is_static and (model.max_seq_length is None or model.max_seq_length > facts.longest):
        model.max_seq_length = facts.longest
    if not facts.is_static:
        long = model.preprocess([f"{TRIAL_TEXT} " * min(facts.longest + 8, LONGEST_TRIAL)])
        if long["input_ids"].shape[1] > facts.longest:
            raise ValueError(f"its tokenizer does not cut texts to the {facts.longest:,} tokens that it can read.")
    features = {
        key: value.to(model.device) if isinstance(value, torch.Tensor) else value
        for key, value in model.preprocess([TRIAL_TEXT]).items()
    }
    special = 0 if facts.is_static else model.tokenizer.num_special_tokens_to_add()
    if features["input_ids"].shape[-1] <= special:
        raise ValueError("it reads no token of a text, only its own special ones.")
    row = model(features)["sentence_embedding"]
    if row.shape[0] != 1 or not bool(torch.isfinite(row).all()):
        raise ValueError("it turns a text into no finite numbers.")


def _check_weights(model: SentenceTransformer) -> None:
    """Raise ValueError where a weight is not finite, or so large that what is computed with it is not."""
    for name, weight in model.named_parameters():
        if not weight.numel():
            continue
        low, high = (float(bound) for bound in torch.aminmax(weight))  # both are NaN where one weight is
        largest = max(abs(low), abs(high))
        if not largest < float("inf"):
            raise ValueError(f"its weights {quote(name)} are not finite everywhere.")
        if largest > LARGEST_WEIGHT:
            raise ValueError(
                f"its weights {quote(name)} hold {largest:.3g}: beyond {LARGEST_WEIGHT:,.0f}, computing with them overflows."
            )


def _check_added_tokens(model: SentenceTransformer, facts: FolderFacts) -> None:
    """Raise ValueError where a token that the tokenizer adds has no row in the weights.

    tokenizers gives those that its vocabulary lacks a number of its own, whatever the file says.
    """
    if facts.is_static:
        rows, added = model[0].embedding.weight.shape[0], model.tokenizer.get_added_tokens_decoder()
    else:
        rows = model[0].model.get_input_embeddings().weight.shape[0]
        added = {number: token for token, number in model.tokenizer.get_added_vocab().items()}
    for number, token in added.items():
        if number >= rows:
            raise ValueError(f"its token {quote(str(token))} is number {number:,}, and its weights have {rows:,} rows.")


def tokenizer_problem(folder: Path) -> str:
    """Say why the tokenizer of a folder cannot be loaded, naming it; empty where it can be.

    transformers tries a tokenizer, then three kinds of processors, and drops the reasons.
    """
    from transformers import AutoTokenizer

    place = next((file.parent for file in sorted(folder.rglob("tokenizer*.json"))), folder)
    try:
        AutoTokenizer.from_pretrained(str(place), local_files_only=True, trust_remote_code=False)
    except Exception as error:  # noqa: BLE001  each library has its own errors
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return f"its tokenizer, {_tokenizer_name(place)}, cannot be read ({quote(reason, limit=300)})."
    return ""


def _tokenizer_name(place: Path) -> str:
    """Name a tokenizer by the class that its settings give, and its files."""
    files = [file.name for file in sorted(place.glob("*")) if file.name in ("tokenizer.json", "vocab.txt")]
    settings = place / "tokenizer_config.json"
    found = re.search(r'"tokenizer_class"\s*:\s*"(\w{1,60})"', settings.read_text()) if settings.is_file() else None
    return " of ".join([*([found.group(1)] if found else []), " and ".join(files)])
