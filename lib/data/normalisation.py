"""Normalise texts: what counts as the same text, and as nearly the same, everywhere in the product."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

MIN_NEAR_CHARACTERS = 8
"""With fewer letters and digits a text is compared with its punctuation.

`<?>` and `<q>` are different commands.
"""


def same_key(text: str) -> str:
    """Normalise a text: NFKC, casefolded, every run of white space one space."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def near_key(text: str) -> str:
    """Keep only the letters and digits of `same_key`.

    All of it where fewer than MIN_NEAR_CHARACTERS are left.
    """
    key = same_key(text)
    bare = "".join(filter(str.isalnum, key))
    return bare if len(bare) >= MIN_NEAR_CHARACTERS else key


def same_keys(texts: Iterable[str]) -> list[str]:
    """Normalise each text with `same_key`."""
    return [same_key(text) for text in texts]


def words(text: str) -> tuple[str, ...]:
    """Split a constant list of words that is written as one text."""
    return tuple(text.split())


def text_codes(frame: pd.DataFrame, columns: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Factorise the texts of all columns together: codes and the distinct texts that they index.

    codes: (rows, columns) int64.
    """
    stacked = np.concatenate([frame[name].to_numpy(dtype=object) for name in columns])
    codes, texts = pd.factorize(stacked)
    return codes.reshape(len(columns), len(frame)).T.astype(np.int64), list(texts)
