"""Explain why two texts are close: an exact token-by-token decomposition of their cosine.

Or, for other models, the effect of each word on it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from lib.data.model_inputs import PLAIN_READING, Reading, Role
from lib.evaluation.explanation import CosineExplanation, ExplanationPair, TokenParts, WordDrops
from lib.vectors import normalize_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MAX_TOKENS_SHOWN = 64
"""Tokens of a side that are listed.

The rest are summed into one part, so that the parts still sum to the cosine.
"""

MAX_WORDS_SHOWN = 64
"""The same for words that are left out in turn; the rest are left out together."""

UNSPACED = "\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
"""Kana, Bopomofo and Han: written without spaces, so that each sign counts as a word."""

WORD = re.compile(f"[{UNSPACED}]|[^\\s{UNSPACED}]+")


def explain_cosine(*, base: str, tuned: str, first: str, second: str, reading: dict[str, Any]) -> dict[str, Any]:
    """Decompose the cosine of a query and a document by two models: an `ExplanationPair`, JSON-able.

    base, tuned: model or folder. reading: as `Reading.to_json` gives it.
    """
    from lib.models.inference.handlers import loaded_model

    how = Reading(**reading)
    parts = (decompose_cosine(loaded_model(name, how), first, second, reading=how) for name in (base, tuned))
    return ExplanationPair(*parts).to_json()


def decompose_cosine(
    model: SentenceTransformer, first: str, second: str, *, reading: Reading = PLAIN_READING
) -> CosineExplanation:
    """Decompose the cosine of two texts, read as a query and a document.

    A mean-pooled model: tokens, whose parts sum to the cosine: with token vectors u_i, v_j and means u, v,
    cos = sum_ij u_i v_j / (m n |u| |v|). Any other: words, and how much the cosine falls when one is left out.
    """
    if is_mean_pooled(model):
        return _tokens(model, *reading.read([first], Role.QUERY), *reading.read([second], Role.DOCUMENT))
    return _words(model, first, second, reading)


def is_mean_pooled(model: SentenceTransformer) -> bool:
    """Check for a transformer with mean pooling, at most normalised, and without a default prompt."""
    from lib.models.prompts.apply import default_prompt

    if default_prompt(model):
        return False
    names = [type(module).__name__ for module in model]
    if names not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return False
    mode = getattr(model[1], "pooling_mode", None)
    modes = [mode] if isinstance(mode, str) else list(mode or [])
    return modes == ["mean"] and model.truncate_dim is None


def _tokens(model: SentenceTransformer, first: str, second: str) -> TokenParts:
    sides = [token_vectors(model, text) for text in (first, second)]
    lengths = [float(np.linalg.norm(vectors.mean(axis=0))) for _, vectors in sides]
    scaled = [vectors / max(1e-12, len(vectors) * length) for (_, vectors), length in zip(sides, lengths, strict=True)]
    parts = shorten_rows(shorten_rows(scaled[0] @ scaled[1].T).T).T
    rows, columns = (shorten_labels(labels) for labels, _ in sides)
    return TokenParts(rows, columns, parts.tolist())


def token_vectors(model: SentenceTransformer, text: str) -> tuple[list[str], np.ndarray]:
    """Compute the tokens that the model pools of a text, and their vectors before the mean.

    (tokens, d), float64.
    """
    import torch

    from lib.models.prompts.apply import tokenize_read

    features = tokenize_read(model, [text])
    features = {name: v.to(model.device) if isinstance(v, torch.Tensor) else v for name, v in features.items()}
    with torch.inference_mode():
        outputs = model[0](features)
    mask = outputs["attention_mask"][0].bool()
    mask[: features.get("prompt_length", 0)] = False  # of a prompt that pooling leaves out
    vectors = outputs["token_embeddings"][0][mask].double().cpu().numpy()
    labels = model.tokenizer.convert_ids_to_tokens(features["input_ids"][0][mask].tolist())
    return [str(label) for label in labels], vectors


def shorten_rows(rows: np.ndarray) -> np.ndarray:
    """Sum the rows from the last shown one on into one."""
    if len(rows) <= MAX_TOKENS_SHOWN:
        return rows
    return np.concatenate([rows[: MAX_TOKENS_SHOWN - 1], rows[MAX_TOKENS_SHOWN - 1 :].sum(axis=0, keepdims=True)])


def shorten_labels(labels: list[str]) -> list[str]:
    """Keep as many labels as `shorten_rows` keeps rows.

    The last one stands for the rest where there are more.
    """
    if len(labels) <= MAX_TOKENS_SHOWN:
        return labels
    return [*labels[: MAX_TOKENS_SHOWN - 1], f"({len(labels) - MAX_TOKENS_SHOWN + 1} more)"]


def _words(model: SentenceTransformer, first: str, second: str, reading: Reading) -> WordDrops:
    from lib.models.encoder import encode

    sides = [leave_one_word_out(text) for text in (first, second)]
    queries = reading.read([first, *(text for _, text in sides[0])], Role.QUERY)
    documents = reading.read([second, *(text for _, text in sides[1])], Role.DOCUMENT)
    texts = [queries[0], documents[0], *queries[1:], *documents[1:]]
    rows = normalize_rows(encode(model, texts, fast=False)).astype(np.float64)
    whole, split = float(rows[0] @ rows[1]), 2 + len(sides[0])
    return WordDrops(
        cosine=whole,
        first=[label for label, _ in sides[0]],
        second=[label for label, _ in sides[1]],
        first_drops=(whole - rows[2:split] @ rows[1]).tolist(),
        second_drops=(whole - rows[split:] @ rows[0]).tolist(),
    )


def leave_one_word_out(text: str) -> list[tuple[str, str]]:
    """List by word its label and the text without it; the words past the last label are left out together."""
    spans = [match.span() for match in WORD.finditer(text)]
    whole = spans[:MAX_WORDS_SHOWN] if len(spans) <= MAX_WORDS_SHOWN else spans[: MAX_WORDS_SHOWN - 1]
    variants = [(text[begin:end], remove_span(text, begin, end)) for begin, end in whole]
    if len(whole) < len(spans):
        begin, end = spans[len(whole)][0], spans[-1][1]
        variants.append((f"({len(spans) - len(whole)} more)", remove_span(text, begin, end)))
    return variants


def remove_span(text: str, begin: int, end: int) -> str:
    """Remove a stretch of the text and normalise the spaces."""
    return " ".join((text[:begin] + text[end:]).split())
