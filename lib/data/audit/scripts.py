"""Check which scripts and languages the texts are written in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from lib.data.audit.check import AuditContext, Check, CheckResult
from lib.data.normalisation import words
from lib.data.text_index import TextIndex

SCRIPT_RANGES = (
    (0x0000, ""),
    (0x0041, "Latin"),
    (0x005B, ""),
    (0x0061, "Latin"),
    (0x007B, ""),
    (0x00AA, "Latin"),
    (0x00AB, ""),
    (0x00C0, "Latin"),
    (0x00D7, ""),
    (0x00D8, "Latin"),
    (0x02B0, ""),
    (0x0370, "Greek"),
    (0x0400, "Cyrillic"),
    (0x0530, "Armenian"),
    (0x0590, "Hebrew"),
    (0x0600, "Arabic"),
    (0x0780, "other"),
    (0x0900, "Devanagari"),
    (0x0980, "Bengali"),
    (0x0A00, "other"),
    (0x0B80, "Tamil"),
    (0x0C00, "Telugu"),
    (0x0C80, "other"),
    (0x0D00, "Malayalam"),
    (0x0D80, "other"),
    (0x0E00, "Thai"),
    (0x0E80, "Lao"),
    (0x0F00, "other"),
    (0x10A0, "Georgian"),
    (0x1100, "Hangul"),
    (0x1200, "other"),
    (0x1E00, "Latin"),
    (0x1F00, "Greek"),
    (0x2000, ""),
    (0x2E80, "Chinese characters"),
    (0x3000, ""),
    (0x3041, "Japanese kana"),
    (0x3100, "Chinese characters"),
    (0x3130, "Hangul"),
    (0x3190, ""),
    (0x31F0, "Japanese kana"),
    (0x3200, ""),
    (0x3400, "Chinese characters"),
    (0xA000, "other"),
    (0xAC00, "Hangul"),
    (0xD7B0, "other"),
    (0xD800, ""),
    (0xF900, "Chinese characters"),
    (0xFB00, "Latin"),
    (0xFB1D, "Hebrew"),
    (0xFB50, "Arabic"),
    (0xFE00, ""),
    (0xFE70, "Arabic"),
    (0xFEFF, ""),
    (0xFF21, "Latin"),
    (0xFF5B, ""),
    (0xFF66, "Japanese kana"),
    (0xFFA0, "Hangul"),
    (0xFFE0, ""),
    (0x10000, "other"),
    (0x1F000, ""),
    (0x20000, "Chinese characters"),
    (0x323B0, ""),
)
"""First code point and name of each range of scripts, coarse on purpose.

"" is neutral: digits, punctuation, emoji.
"""

SCRIPT_NAMES = tuple(dict.fromkeys(name for _, name in SCRIPT_RANGES))
RANGE_STARTS = np.array([start for start, _ in SCRIPT_RANGES], dtype=np.uint32)
RANGE_SCRIPTS = np.array([SCRIPT_NAMES.index(name) for _, name in SCRIPT_RANGES], dtype=np.int64)

FUNCTION_WORDS = {
    "English": words("the of and to is in you that it for are with how what not this can my do"),
    "German": words("der die das und ist nicht ein eine zu den mit auf wie sich ich für von wird dem"),
    "French": words("le la les des est et une du que pour dans qui pas sur au avec vous je"),
    "Spanish": words("el los las de que y en un una es para con por se del como su mi"),
    "Italian": words("il di che e la per un non sono con del della le gli una come si è"),
    "Portuguese": words("o a os de que e do da em um uma para com não por mais como no"),
    "Dutch": words("de het een van en is dat op te met voor niet zijn aan ik hoe je"),
    "Polish": words("w i na nie z się to jest do czy jak o że po przez są może"),
    "Swedish": words("och att det som en är på för av med den inte jag har om hur till"),
    "Danish": words("og at det en er på til af med for ikke jeg har som hvordan den"),
    "Turkish": words("ve bir bu için ile ne mi da de nasıl değil olarak daha"),
}
"""The commonest function words of languages in Latin script."""
LANGUAGE_SAMPLE = 20_000
TEXTS_PER_CHUNK = 50_000


def detect_scripts(texts: Sequence[str]) -> np.ndarray:
    """Detect the commonest script of each text, as an index into SCRIPT_NAMES.

    It is 0 for a text without letters.
    """
    return np.concatenate(
        [_scripts(texts[at : at + TEXTS_PER_CHUNK]) for at in range(0, len(texts), TEXTS_PER_CHUNK)]
        or [np.zeros(0, int)]
    )


def _scripts(texts: Sequence[str]) -> np.ndarray:
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    owner = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    codes = RANGE_SCRIPTS[np.searchsorted(RANGE_STARTS, points, side="right") - 1]
    counts = np.bincount(owner * len(SCRIPT_NAMES) + codes, minlength=len(texts) * len(SCRIPT_NAMES)).reshape(
        -1, len(SCRIPT_NAMES)
    )
    counts[:, 0] = 0
    return counts.argmax(axis=1)


def detect_language(text: str) -> str:
    """Guess the language whose function words occur most in the text.

    It is "" for fewer than two of them or a tie.
    """
    found = set(text.lower().split())
    scores = sorted(
        ((len(found.intersection(function_words)), name) for name, function_words in FUNCTION_WORDS.items()),
        reverse=True,
    )
    clear = scores[0][0] >= 2 and scores[0][0] > scores[1][0]
    return scores[0][1] if clear else ""


def find_mixed_scripts(index: TextIndex, context: AuditContext) -> CheckResult:
    """Flag rows with a text in another script than most texts of its column."""
    scripts = detect_scripts(index.texts)
    if not len(index):
        return CheckResult(np.zeros(0, dtype=bool))
    rows, details = np.zeros(len(index), dtype=bool), []
    for at, name in enumerate(index.columns):
        side = scripts[index.codes[:, at]]
        counts = np.bincount(side[side > 0], minlength=len(SCRIPT_NAMES))
        if counts.sum():
            rows |= (side > 0) & (side != counts.argmax())
            details.append(f"{name}: {_shares(Counter({SCRIPT_NAMES[i]: int(n) for i, n in enumerate(counts) if n}))}")
    return CheckResult(rows, "Scripts in " + "; ".join(details) + "." + _languages(index, scripts) if details else "")


def _languages(index: TextIndex, scripts: np.ndarray) -> str:
    step = max(1, len(index.texts) // LANGUAGE_SAMPLE)
    latin = [
        text
        for text, script in zip(index.texts[::step], scripts[::step], strict=True)
        if SCRIPT_NAMES[script] == "Latin"
    ]
    counts = Counter(name for name in map(detect_language, latin) if name)
    sample = "" if step == 1 else f" of one text in {step:,}"
    return f" Languages{sample}, by function words: {_shares(counts)}." if counts else ""


def _shares(counts: Counter[str], limit: int = 6) -> str:
    total = sum(counts.values())
    shown = [f"{name} {count / total:.1%}" for name, count in counts.most_common(limit)]
    return ", ".join(shown + [f"{len(counts) - limit} more"] * (len(counts) > limit))


MIXED_SCRIPTS = Check(
    "scripts",
    "More than one script",
    "A base model handles only the languages it was trained on; the bundled one was trained on English. Texts in other "
    "scripts become unknown tokens or single characters. Check that this mix is intended and that your base model supports it.",
    find_mixed_scripts,
)
