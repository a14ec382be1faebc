"""One text, one key: what counts as the same text, and as almost the same, everywhere in the product."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import numpy as np
import pandas as pd

MIN_NEAR_CHARACTERS = 8
"""Below this many letters and digits a text is only equal to itself: `<?>` and `<q>` are different commands."""


def same_key(text: str) -> str:
    """Return the text in NFKC, casefolded, with every run of white space as one space."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def near_key(text: str) -> str:
    """Return only the letters and digits of `same_key`, or `same_key` itself where too few would be left."""
    key = same_key(text)
    bare = "".join(filter(str.isalnum, key))
    return bare if len(bare) >= MIN_NEAR_CHARACTERS else key


def same_keys(texts: Iterable[str]) -> list[str]:
    """Return `same_key` of each text."""
    return [same_key(text) for text in texts]


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list written as one text."""
    return tuple(text.split())


def text_codes(frame: pd.DataFrame, columns: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Return (codes (rows, columns) int64, the distinct texts): equal texts share a code in whatever column they stand."""
    stacked = np.concatenate([frame[name].to_numpy(dtype=object) for name in columns])
    codes, texts = pd.factorize(stacked)
    return codes.reshape(len(columns), len(frame)).T.astype(np.int64), list(texts)
