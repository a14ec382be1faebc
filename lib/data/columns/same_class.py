"""Which classes of labelled pairs mean the same: by words and negation, never by order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from lib.data.normalisation import words

NUMBER = re.compile(r"-?\d+(\.0)?")


def class_key(name: str) -> str:
    """Write a class in one spelling: without case, and with one space for blanks, hyphens and underscores."""
    folded = unicodedata.normalize("NFKC", str(name)).casefold().strip()
    if NUMBER.fullmatch(folded):
        return folded.removesuffix(".0")
    return re.sub(r"[\s_\-–]+", " ", folded).strip(" .!") or folded


def _words(text: str) -> frozenset[str]:
    return frozenset(class_key(word) for word in words(text))


SAME_WORDS = _words(
    "1 1.0 true t yes y same duplicate duplicates similar paraphrase paraphrases match matches matching positive pos "
    "entailment entails entailed equivalent equal identical relevant related correct right accepted supports supported "
    "exact ok valid good is_duplicate is_match "
    "+ 👍 ✓ ✔ ✅ ☑ √ ○ ◯ 〇 agree agrees accept approve approved "
    "ja j wahr zutreffend trifft_zu stimmt treffer gleich identisch ähnlich passt passend duplikat relevant richtig korrekt positiv folgerung "
    "sí si verdadero igual mismo similar duplicado relevante correcto positivo implicación "
    "oui vrai même identique similaire doublon pertinent correct positif implication "
    "vero uguale stesso simile duplicato rilevante corretto giusto positivo implicazione "
    "sim verdadeiro duplicado correto waar gelijk hetzelfde relevant juist positief "
    "tak prawda taki_sam podobne duplikat trafny poprawne ano pravda stejné áno rovnaké igen igaz azonos da adevărat "
    "evet doğru aynı benzer ilgili kyllä sama samma lik samme sand sant sann riktig "
    "да верно истина правда так одинаковые похожи совпадает дубликат релевантно ναι ίδιο σωστό có đúng giống ya benar sama "
    "是 有 有关 有關 对 對 相同 一样 一樣 相似 相关 相關 重复 正确 正確 匹配 蕴含 蘊含 真 はい 同じ 同一 類似 正しい 関連あり 含意 一致 "
    "예 네 같음 동일 유사 관련 참 함의 نعم صحيح نفس متشابه مطابق بله درست כן נכון זהה हाँ हां सही समान ใช่ ถูก เหมือนกัน হ্যাঁ ஆம்"
)
"""Classes that mean the same."""

WEAK_WORDS = _words(
    "related relevant similar ähnlich relevant pertinent similaire relevante 相关 相似 類似 관련 유사 похожи benzer"
)
"""Words for the same that mean less than that beside a stronger one: duplicate, related, different."""

DIFFERENT_WORDS = _words(
    "0 0.0 false f no n different distinct dissimilar unrelated irrelevant mismatch negative neg contradiction contradicts "
    "contradictory contradicted neutral refutes refuted wrong incorrect invalid bad rejected unsupported substitute "
    "complement none apart not_enough_info nei other disagree disagrees reject - 👎 ✗ ✘ ❌ ☒ × "
    "nein falsch verschieden anders unterschiedlich unähnlich irrelevant widerspruch negativ inkorrekt unpassend kein keine "
    "falso diferente distinto irrelevante incorrecto contradicción negativo non faux différent dissemblable incorrect "
    "contradiction négatif neutre diverso scorretto sbagliato contraddizione não nao errado contradição nee onwaar "
    "verschillend anders onjuist nie fałsz różne inne ne nepravda jiné nem hamis nu fals hayır yanlış farklı ei eri "
    "nej olika forskellig nei forskjellig falsk нет ложь неверно разные разное ні противоречие нейтрально όχι διαφορετικό "
    "không sai khác tidak bukan salah berbeda 否 不是 不同 不 没有 沒有 没 沒 无 無 错 錯 错误 錯誤 無關 无关 矛盾 中立 中性 假 いいえ 違う 異なる 別 誤り "
    "無関係 아니오 아니요 다름 상이 무관 거짓 모순 중립 لا خطأ مختلف خير نادرست לא שונה नहीं गलत अलग ไม่ใช่ ไม่ ผิด না இல்லை"
)
"""Classes that mean something else; with a word of both lists the class goes by the other classes beside it."""

SIDE_WORDS = frozenset(("left", "right"))
"""Which of two texts was chosen: beside left, right is no word for the same."""

NEGATION = re.compile(
    r"(?:not|non|no|un|in|im|ir|il|dis|mis|nicht|kein|keine|nein|pas|ne|n'est pas|não|nao|niet|geen|nie|inte|ikke|ei|"
    r"не|нет|не является|ikkje|değil|tidak|không|không phải)[ ']?(.+)"
)
NEGATION_OF_ONE_CHARACTER = re.compile(r"(?:不|非|无|無|未|否|不是|没有|비|불|غير|لا|ليس|לא|ไม่|नहीं)\s?(.+)")
NEGATION_WORDS = _words(
    "not no never nicht kein keine pas non não niet geen nie inte ikke ei nem не нет değil không tidak bukan"
)
"""Words that turn round the sentence they stand in: is not the same."""
NEGATION_AFTER = re.compile(r"(.+?)\s?(?:not|nicht|değil|ない|でない|ではない|しない|아님|않음|안됨|नहीं)")


def guess_same(values: Iterable[str], *, nli: bool = False) -> tuple[str, ...] | None:
    """Guess which classes mean the same, in every spelling that occurs; None where that is not clear.

    nli: the columns are premise and hypothesis, whose labels 0, 1 and 2 mean entailment, neutral and contradiction.
    """
    names = sorted({str(value).strip() for value in values} - {""})
    keys = {name: class_key(name) for name in names}
    chosen = same_keys_of(set(keys.values()), nli=nli)
    return tuple(name for name in names if keys[name] in chosen) if chosen else None


def same_keys_of(keys: set[str], *, nli: bool = False) -> set[str]:
    """Choose among classes as `class_key` spells them; empty where it is not clear."""
    if keys and all(NUMBER.fullmatch(key) for key in keys):
        return _same_numbers({int(key) for key in keys}, nli=nli)
    if len(keys) > 1 and "e" in keys and (keys <= set("esci") or keys <= set("enc")):
        return {"e"}  # ESCI: exact, substitute, complement, irrelevant; NLI: entailment, neutral, contradiction
    return _same_words(keys)


def is_polar(values: Iterable[str]) -> bool:
    """Check whether the classes are all words for the same and for something else, with some of both."""
    keys = {class_key(value) for value in values} - {""}
    same = same_keys_of(keys)
    if not same or same == keys or all(NUMBER.fullmatch(key) for key in keys):
        return False
    return all(key in SAME_WORDS or key in DIFFERENT_WORDS or _is_negated(key, keys) for key in keys - same) and any(
        key in SAME_WORDS or any(_is_negated(other, {key, other}) for other in keys - same) for key in same
    )


def _same_numbers(values: set[int], *, nli: bool) -> set[str]:
    """Choose among whole numbers. 0 is never the same on a scale that rises."""
    if nli and len(values) > 2 and values <= {0, 1, 2}:
        return {"0"}
    if nli and values == {0, 1}:
        return set()  # in RTE and QNLI of GLUE 0 is entailment, in other files 1
    return {"1"} if values in ({0, 1}, {-1, 1}, {1}) else set()


def _same_words(keys: set[str]) -> set[str]:
    """Choose among words: those that mean the same, else what is left beside a negation."""
    if keys >= SIDE_WORDS:
        return set()
    negated = {key for key in keys if _is_negated(key, keys)}
    same = {key for key in keys if key in SAME_WORDS and key not in negated and key not in DIFFERENT_WORDS}
    is_known = all(key in SAME_WORDS or key in DIFFERENT_WORDS for key in keys)
    if not is_known:  # x and y are no yes and no
        same = {key for key in same if not (len(key) == 1 and key.isascii())}
    if same:
        rest = keys - same - DIFFERENT_WORDS - negated
        return set() if _may_be_same(rest, keys) else same - WEAK_WORDS or same
    different = {key for key in keys if key in DIFFERENT_WORDS or key in negated}
    rest = keys - different
    if len(keys) == 2 and len(rest) == 1:
        return rest
    # different / not different: the negation of what means something else
    doubly = {key for key in negated if _stem(key) in DIFFERENT_WORDS}
    return doubly if len(doubly) == 1 and len(keys) == 2 else set()


def _may_be_same(rest: set[str], keys: set[str]) -> bool:
    """Check whether a class of no known meaning may mean the same too: highly relevant."""
    return len(keys) > 2 and bool(rest) or any(not SAME_WORDS.isdisjoint(key.split()) for key in rest)


def _is_negated(key: str, keys: set[str]) -> bool:
    """Check whether a class is another one, or a word that means the same, with a negation."""
    return any(stem != key and (stem in keys or stem in SAME_WORDS or stem in DIFFERENT_WORDS) for stem in _stems(key))


def _stems(key: str) -> list[str]:
    patterns = (NEGATION, NEGATION_OF_ONE_CHARACTER, NEGATION_AFTER)
    found = [pattern.fullmatch(key) for pattern in patterns]
    stems = [match.group(1).strip() for match in found if match and len(match.group(1).strip()) > 0]
    parts = key.split()
    plain = [part for part in parts if part not in NEGATION_WORDS]
    return [*stems, " ".join(plain)] if 0 < len(plain) < len(parts) else stems


def _stem(key: str) -> str:
    return next((stem for stem in _stems(key) if stem in DIFFERENT_WORDS), "")
