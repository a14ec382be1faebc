"""Detect the encoding of bytes that are not UTF-8, by the letters and words that each one makes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache

from lib.data.read.languages import COMMON_ENCODINGS, LANGUAGES, TITLES, Language

_SAMPLE_BYTES = 200_000
"""How much of the bytes is looked at for lines that are not ASCII."""
SCORED_BYTES = 12_000
"""How much of those lines is decoded and scored in every encoding."""
MIN_SCORE = 0.75
"""Below this no language explains the text, and charset-normalizer is asked."""
RARE_PENALTY = 0.06
"""What an encoding that is rare today loses: it has to explain more than a common one."""
WORD_SHARE, LETTER_SHARE = 0.12, {"CJK": 0.25, "HIRAGANA": 0.5, "HANGUL": 0.4}
"""Share of common words, or of a script's frequent letters, from which a text counts as wholly in a language."""
WIDE_CODECS = ("utf_16", "utf_32", "utf_7")
"""Codecs in which a line end is no single byte: bytes that are read line by line are in none of them."""
TYPOGRAPHY = frozenset("“”„‘’‚‹›«»–—…•·€£§°©®™¿¡ªº×±½¼¾²³¹\xa0、。，．・「」『』【】《》〈〉（）？！：；～％")
"""Marks that stand in texts of any language."""
_BEFORE_WORDS = frozenset("—–")
_OPENING = frozenset("“”„‘’‚‹›«»¿¡ªº\xa0•·§、。，．・「」『』【】《》〈〉（）？！：；～％")
_WORD = re.compile(r"[^\W\d_]+")
_CJK_SCRIPTS = {
    "CJK": ("CJK",),
    "HIRAGANA": ("HIRAGANA", "KATAKANA", "CJK", "KATAKANA-HIRAGANA"),
    "HANGUL": ("HANGUL",),
}


@dataclass(frozen=True)
class DetectedEncoding:
    """An encoding, the language that fits, "" for none, and how well (1.5 at most)."""

    encoding: str
    language: str = ""
    score: float = 0.0


def detect_encoding(data: bytes) -> DetectedEncoding:
    """Detect the encoding of bytes that are not UTF-8; one that decodes all of them."""
    for best in sorted(_score_all(_sample(data)), key=lambda one: -one.score):
        if best.score < MIN_SCORE:
            break
        if _decodes(data, best.encoding):
            return best
    return _ask_charset_normalizer(data)


def encoding_title(encoding: str) -> str:
    """Write an encoding's name as people know it: windows-1250, iso-8859-2, shift_jis."""
    if encoding in TITLES:
        return TITLES[encoding]
    return re.sub(r"^iso8859_(\d+)$", r"iso-8859-\1", re.sub(r"^cp(125\d)$", r"windows-\1", encoding))


def _sample(data: bytes) -> bytes:
    """Take the first lines that are not ASCII: only they tell encodings apart."""
    lines, size = [], 0
    for line in data[:_SAMPLE_BYTES].replace(b"\r", b"\n").split(b"\n"):
        if not line.isascii():
            lines.append(line)
            size += len(line)
        if size > SCORED_BYTES:
            break
    return b"\n".join(lines)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _score_all(sample: bytes) -> list[DetectedEncoding]:
    """Score every language in every encoding that its files are found in, common ones first."""
    by_encoding: dict[str, list[Language]] = {}
    for language in LANGUAGES:
        for encoding in language.encodings:
            by_encoding.setdefault(encoding, []).append(language)
    scores = []
    for encoding, languages in by_encoding.items():
        try:
            text = unicodedata.normalize("NFC", sample.decode(encoding))
        except UnicodeDecodeError:
            continue
        decoded = _Decoded(text)
        penalty = 0.0 if encoding in COMMON_ENCODINGS else RARE_PENALTY
        for language in languages:
            scores.append(DetectedEncoding(encoding, language.name, _score(decoded, language) - penalty))
    return scores


class _Decoded:
    """Letters, words and what stands in none, of one decoded sample, counted once for all languages.

    seams: weight of places that no word has. lone: letters outside ASCII between two that are in it.
    """

    def __init__(self, text: str) -> None:
        self.marks = Counter(char for char in text if char > "\x7f" and char not in TYPOGRAPHY)
        self.words = Counter(word.lower() for word in _WORD.findall(text))
        self.seams = sum(_seam(a, b) for a, b in zip(text, text[1:], strict=False))
        self.symbols = sum(count for char, count in self.marks.items() if unicodedata.category(char)[0] in "SC")
        self.mixed = sum(_is_mixed(a, b) for a, b in zip(text, text[1:], strict=False))
        plain = f" {text} "
        self.lone = sum(
            char > "\x7f" and char in self.marks and left <= "\x7f" and right <= "\x7f"
            for left, char, right in zip(plain, text, plain[2:], strict=False)
        )

    @property
    def total(self) -> int:
        """Characters outside ASCII that are no typography."""
        return max(1, self.marks.total())


def _seam(left: str, right: str) -> float:
    """Weigh what no word has: a capital after a small letter, a symbol before a letter; not in ASCII."""
    if left <= "\x7f" and right <= "\x7f":
        return 0.0
    if left.islower() and right.isupper():
        return 3.0
    if not right.isalpha() or left.isalpha() or left <= "\x7f" or left in _OPENING or unicodedata.combining(left):
        return 0.0
    return 0.5 if left in _BEFORE_WORDS else 3.0


def _is_mixed(left: str, right: str) -> bool:
    """Check whether an ASCII letter stands beside a letter or mark of another script."""
    if (left <= "\x7f") == (right <= "\x7f"):
        return False
    plain, other = (left, right) if left <= "\x7f" else (right, left)
    return plain.isalpha() and unicodedata.category(other)[0] in "LM" and _script(other) not in ("LATIN", "COMBINING")


@cache
def _script(char: str) -> str:
    """First word of a character's Unicode name: LATIN, CYRILLIC, CJK, ..."""
    return unicodedata.name(char, "NONE").split()[0]


def _score(decoded: _Decoded, language: Language) -> float:
    """Score 0 to 1 for letters of the language, and up to 0.5 for its common words or letters."""
    scripts = _CJK_SCRIPTS.get(language.script, (language.script,))
    inside = frequent = 0
    for char, count in decoded.marks.items():
        known = char.lower() in language.letters
        frequent += count if known else 0
        inside += count if known or (not language.is_latin and _script(char) in scripts) else 0
    words = sum(count * (1 if word.isascii() else 2) for word, count in decoded.words.items() if word in language.words)
    evidence = words / max(1, decoded.words.total()) / WORD_SHARE
    if not language.is_latin:
        evidence = max(evidence, frequent / decoded.total / LETTER_SHARE.get(language.script, 0.6)) - 0.25
        evidence -= 2 * decoded.mixed / decoded.total
        evidence -= 2.0 if 2 * decoded.lone > decoded.total else 0.0  # words of another script have many of its letters
    return (inside - decoded.seams - 2 * decoded.symbols) / decoded.total + 0.5 * max(-1.0, min(1.0, evidence))


def _ask_charset_normalizer(data: bytes) -> DetectedEncoding:
    """Believe charset-normalizer where no language fits, and windows-1252 where it has no answer."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE_BYTES]).best()
    for name in (best.encoding if best is not None else "cp1252", "cp1252"):
        if not name.startswith(WIDE_CODECS) and _decodes(data, name):
            return DetectedEncoding(name)
    return DetectedEncoding("latin_1")
