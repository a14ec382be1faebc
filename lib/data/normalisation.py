"""Normalise texts: what counts as the same text, and as nearly the same, everywhere in the product."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MIN_NEAR_CHARACTERS = 8
"""With fewer letters and digits a text is compared with its punctuation.

`<?>` and `<q>` are different commands.
"""


MARKS = "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963" + "".join(
    sorted({chr(code) for code in range(0x0980, 0x1CD0) if unicodedata.category(chr(code))[0] == "M"})
)
"""Combining marks of scripts from Devanagari to Lepcha, in which they are letters: Hindi, Tamil, Thai, Khmer, Burmese."""
MARK = re.compile(f"[{MARKS}]")
SINGLE_SIGNS = "+#%°€$£¥₹"
MAY_SIGN = re.compile(rf"[\d{SINGLE_SIGNS}{MARKS}]")
"""Texts without any of these have no sign to keep: most of them, so they are the quick way."""
ASCII_PUNCTUATION = bytes(code for code in range(128) if not chr(code).isalnum())
LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")
DIGIT_GAP = re.compile(r"\d[\W_]+\d")
DIGIT_GAPS = re.compile(r"((?<=\d)[\W_]+(?=\d))")
SIGNS = re.compile(rf"((?<=\d)[\W_]+(?=\d)|(?<=[^\W_])[+#]+|(?<=\d)\s?[%°€$£¥₹]|[€$£¥₹](?=\s?\d)|[{MARKS}])")
"""What `near_key` keeps besides letters and digits; a split by it gives texts and signs in turns."""


def same_key(text: str) -> str:
    """Normalise a text: NFKC, casefolded, every run of white space one space."""
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def near_key(key: str) -> str:
    """Keep of a `same_key` what tells texts apart: letters, digits, and the signs that change them.

    Signs are vowel and tone marks of Indic scripts, Thai and their like; + and # of C++ and C#; % and currency at a number;
    and what stands between two digits (1.10 is not 11.0). All of it where fewer than MIN_NEAR_CHARACTERS are left.
    """
    signed = _strip_punctuation(key)
    return signed if len(signed) >= MIN_NEAR_CHARACTERS else key


def differ_in_signs(first: str, second: str) -> bool:
    """Check whether a word of one text stands in the other with other signs: C++ and C#, 3.1 and 31.

    first, second: as `same_key` writes them.
    """
    words_of = (set(first.split()), set(second.split()))
    left, right = (_signed_words(own - other) for own, other in (words_of, words_of[::-1]))
    return any(left[bare].isdisjoint(right[bare]) for bare in left.keys() & right.keys())


def _signed_words(texts: Iterable[str]) -> dict[str, set[str]]:
    """Group words, with their signs, by the letters and digits that are left without any."""
    groups: dict[str, set[str]] = {}
    for word in texts:
        groups.setdefault(_strip_all(word), set()).add(_strip_punctuation(word))
    return groups


def _strip_punctuation(key: str) -> str:
    if not MAY_SIGN.search(key):
        return _strip_all(key)
    has_signs = any(sign in key for sign in SINGLE_SIGNS) or not (key.isascii() or MARK.search(key) is None)
    if not has_signs and not DIGIT_GAP.search(key):
        return _strip_all(key)
    parts = (SIGNS if has_signs else DIGIT_GAPS).split(key)
    return "".join(_strip_all(part) if at % 2 == 0 else part for at, part in enumerate(parts))


def _strip_all(key: str) -> str:
    if key.isascii():
        return key.encode().translate(None, ASCII_PUNCTUATION).decode()
    return "".join(LETTERS_AND_DIGITS.findall(key))


def same_keys(texts: Iterable[str]) -> list[str]:
    """Normalise each text with `same_key`."""
    return [same_key(text) for text in texts]


def words(text: str) -> tuple[str, ...]:
    """Split a constant list of words that is written as one text."""
    return tuple(text.split())
