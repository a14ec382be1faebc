"""Name groups of texts by their words: c-TF-IDF, without a language model or lists of stop words.

Grootendorst 2022, BERTopic (https://arxiv.org/abs/2203.05794), section 3.3. Light: plain Python, pages call it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log, sqrt

from lib.models.word_index import split_words

MAX_TEXT_SHARE = 0.1
"""Words in more than this share of all texts name groups alone that are as large, and join phrases only there: no "how do"."""

MIN_GROUP_SHARE = 0.1
"""A term in fewer of a group's texts than this share says little of the group."""

MIN_LIFT = 3.0
"""A term is at least so many times as frequent in the group as in all texts, or 0.6 of the most that a large group allows."""

MIN_RATIO = 3.0
"""A term that tells a group from another is in so many times the share of its texts, half a text added to either count."""

_FIRST_IDEOGRAPH = "\u2e80"
"""From here on scripts write no space between words, but for Korean."""

_RUN = re.compile(
    "[\u30a0-\u30ff]+|[\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff]+|[\uac00-\ud7af]+|[\U00020000-\U0003ffff]+"
)
"""A run of katakana, of ideographs or of Korean; hiragana, of Japanese endings and particles, is left out."""


def terms_of(text: str) -> set[str]:
    """List the distinct words and pairs of adjacent words of a text.

    Numbers and single letters are none.
    """
    (tokens,) = split_words([text])
    words = [word for token in tokens for word in _split_ideographs(token)]
    singles = {word for word in words if _is_word(word)}
    pairs = {f"{one} {other}" for one, other in zip(words, words[1:], strict=False) if {one, other} <= singles}
    return singles | pairs


def _split_ideographs(token: str) -> Iterable[str]:
    if token < _FIRST_IDEOGRAPH:
        return [token]
    runs = _RUN.findall(token)
    return [word for run in runs for word in ([run] if len(run) < 4 or run >= "\uac00" else _pairs_of(run))]


def _pairs_of(run: str) -> list[str]:
    if "\u30a0" <= run < "\u3100":  # katakana spell one word
        return [run]
    return [run[at : at + 2] for at in range(len(run) - 1)]


def _is_word(word: str) -> bool:
    return len(word) > 1 and not word.isdecimal()


def keyphrases(groups: Sequence[Sequence[str]], others: Sequence[str] = (), *, most: int = 3) -> list[tuple[str, ...]]:
    """Choose the terms that tell each group of texts from the others.

    The strongest first.

    The weight of term t in group c is tf_tc log(1 + A / f_t), tf_tc the number of texts of the group that have it, f_t that of all texts
    (others included), A the mean number of terms of a group. No word stands in two phrases of a group.
    """
    counts = [Counter(term for text in texts for term in terms_of(text)) for texts in groups]
    total: Counter[str] = sum(counts, Counter(term for text in others for term in terms_of(text)))
    size = sum(map(len, groups)) + len(others)
    frequent = {term for term, number in total.items() if number > MAX_TEXT_SHARE * size}
    mean = sum(sum(count.values()) for count in counts) / max(1, len(counts))
    names = []
    for texts, count in zip(groups, counts, strict=True):
        least = max(2, MIN_GROUP_SHARE * len(texts)) if len(texts) > 2 else 1
        share = len(texts) / max(1, size)
        lift = min(MIN_LIFT, 0.6 / max(share, 1e-9)) * share
        own = {term for term, number in count.items() if number >= lift * total[term]}
        own -= frequent if share < MAX_TEXT_SHARE else set()
        weight = {
            term: count[term] * log(1 + mean / total[term])
            for term in own
            if count[term] >= least and (frequent - own).isdisjoint(term.split())
        }
        names.append(_pick(weight, most))
    return names


def contrast_phrases(one: Sequence[str], other: Sequence[str], *, most: int = 3) -> tuple[str, ...]:
    """Choose the terms that tell a group of texts from one other, the strongest first.

    The weight is the log odds ratio over its standard error, from the numbers of texts with the term (Monroe, Colaresi and Quinn 2008,
    Fightin' Words, section 3.4, with a flat prior): z = log(o1 / o2) / sqrt(1 / f1 + 1 / f2), half a text added to every count.
    """
    counts = [Counter(term for text in texts for term in terms_of(text)) for texts in (one, other)]
    least = max(2, MIN_GROUP_SHARE * len(one) / 2) if len(one) > 2 else 1
    weight = {}
    for term, number in counts[0].items():
        first, second = number + 0.5, counts[1][term] + 0.5
        shares = first / (len(one) + 1), second / (len(other) + 1)
        if number >= least and shares[0] >= MIN_RATIO * shares[1]:
            odds = shares[0] / (1 - shares[0]) * (1 - shares[1]) / shares[1]
            weight[term] = log(odds) / sqrt(1 / first + 1 / second)
    return _pick(weight, most)


def _pick(weight: dict[str, float], most: int) -> tuple[str, ...]:
    """Pick the heaviest terms, of those with a common word the first; ties by the alphabet."""
    chosen: list[str] = []
    taken: set[str] = set()
    for term in sorted(weight, key=lambda term: (-weight[term], term)):
        words = set(term.split())
        if words & taken:
            continue
        chosen.append(term)
        taken |= words
        if len(chosen) == most:
            break
    return tuple(chosen)
