"""Patterns of a tokenizer that cannot run for ever.

The library matches them with Oniguruma, which backtracks.

Syntax: https://github.com/kkos/oniguruma/blob/master/doc/RE
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lib.models.folder_check.json_settings import JsonSettings
from lib.models.folder_check.problem import quote

MAX_REGEX_CHARACTERS = 1_000
MAX_REPEATS, MAX_OPTIONAL, MAX_CHOICES = 4, 8, 4
"""Repetitions, optional parts and groups with a choice in one alternative of a regex; GPT-4o's have 3, 4 and 1.

A pattern backtracks over the texts of a repetition, both ways of an optional part and each branch of a group.
"""

_ESCAPED = re.compile(r"\\(?:[pP]\{\^?\w+\}|.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:[^\[\]]|\[:\^?\w+:\]|&&\[[^\[\]]*\])*\]")
_REFERENCE = re.compile(r"\\(?:[1-9gkK]|x\{)|\(\?(?:R|&|P[>=]|\d|\(|<[=!]|~|\{|#|[a-wyz\-]*x)")
"""References, recursion, conditions, absence, callouts, comments and free spacing, which could hide a bracket."""
_GROUP_REPEAT = re.compile(r"\)(?:[*+]|\{)")
_REPEAT = re.compile(r"[*+]|\{\d*,?\d*\}")
_OPTIONAL = re.compile(r"(?<!\()\?")
_COUNT = re.compile(r"\{(\d*),?(\d*)\}")


def check_regex(settings: JsonSettings, name: str, regex: object) -> None:
    """Refuse patterns whose matching can take exponential time.

    No repetition of a group, no reference; few repetitions, optional parts and groups with a choice in an alternative
    bound the time by a small power of the text's length.
    """
    if not isinstance(regex, str) or len(regex) > MAX_REGEX_CHARACTERS:
        settings.refuse(f"{name} has a pattern of more than {MAX_REGEX_CHARACTERS:,} characters, or none")
    plain = _CLASS.sub("c", _ESCAPED.sub(lambda one: one[0] if _REFERENCE.match(one[0]) else "e", regex))
    counts = [int(count) for pair in _COUNT.findall(plain) for count in pair if count]
    if (
        _REFERENCE.search(plain)
        or _GROUP_REPEAT.search(plain)
        or any(count > 1_000 for count in counts)
        or any(map(_backtracks, _alternatives(plain)))
    ):
        settings.refuse(f"{name} has a pattern that can run for ever: {quote(regex)}")


def _alternatives(regex: str) -> Iterator[str]:
    """Split a pattern at each `|` that stands in no group."""
    depth, begin = 0, 0
    for place, sign in enumerate(regex):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            yield regex[begin:place]
            begin = place + 1
    yield regex[begin:]


def _backtracks(alternative: str) -> bool:
    repeats, optional = len(_REPEAT.findall(alternative)), len(_OPTIONAL.findall(alternative))
    choices = sum("|" in group for group in alternative.split("(")[1:])
    return repeats > MAX_REPEATS or optional > MAX_OPTIONAL or choices > MAX_CHOICES
