"""tokenizer.json: a vocabulary inside the embedding matrix, and rules that cannot run for ever.

Format: https://huggingface.co/docs/tokenizers; the types are those of its Rust enums.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from typing import Any

from lib.models.folder_check.files import ModelFile
from lib.models.folder_check.json_settings import JsonSettings
from lib.models.folder_check.patterns import check_regex
from lib.models.folder_check.problem import FolderProblemError, quote

MAX_VOCABULARY = 1_000_000
MAX_ADDED_TOKENS = 20_000
"""Gemma 3 adds 6,414, the most of the models in use."""

MAX_ADDED_CHARACTERS = 1_000_000
"""Of all added tokens, which are searched for at once; those of Gemma 3 have 80,000."""

MAX_TOKEN_CHARACTERS = 1_000
MAX_RULES, MAX_RULE_DEPTH = 64, 6
MAX_AFFIX_CHARACTERS = 20
"""Of a mark that stands before or after the parts of a word (`##`, `</w>`): it is put to each of them."""

MAX_GROWTH = 64
"""By how much all replacements together may lengthen a text."""

MAX_REPLACEMENT_BYTES = 64
"""Of one character by NFKC: U+FDFA becomes 33."""

MAX_CHARSMAP_CHARACTERS = 2_000_000
MAX_WORD_CHARACTERS = 1_000

_TOP = (
    *("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor"),
    *("decoder", "model"),
)
_RULES = frozenset(
    (
        *("BertNormalizer", "Lowercase", "Nmt", "NFC", "NFD", "NFKC", "NFKD", "Prepend", "Precompiled", "Replace"),
        *("Sequence", "Strip", "StripAccents", "BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits"),
        *("FixedLength", "Metaspace", "Punctuation", "Split", "UnicodeScripts", "Whitespace", "WhitespaceSplit"),
        *("BertProcessing", "RobertaProcessing", "TemplateProcessing", "BPEDecoder", "ByteFallback", "CTC", "Fuse"),
        *("WordPiece", "Strip"),
    )
)
_MODELS = ("BPE", "Unigram", "WordLevel", "WordPiece")

_TEXTS_OF = {"single": 1, "pair": 2}
"""Parts of a template, and how many texts each puts its tokens around."""

_BYTE_TOKENS = frozenset(f"<0x{number:02X}>" for number in range(256))
"""Tokens that a text is written in where it has no others; a lack of one would end the encoding of some texts."""


def check_tokenizer_file(file: ModelFile, *, rows: int, needs_unknown: bool = True) -> frozenset[str]:
    """Check tokenizer.json against an embedding matrix of so many rows, and list its tokens."""
    settings = JsonSettings.read(file)
    settings.check_names(_TOP)
    tokens = _vocabulary(settings, needs_unknown=needs_unknown)
    tokens |= _added_tokens(settings)
    beyond = next((token for token, number in tokens.items() if not 0 <= number < rows), None)
    if beyond is not None:
        settings.refuse(
            f"the token {quote(beyond)} has the id {tokens[beyond]:,}; the weights hold {rows:,} tokens",
            todo="Tokenizer and weights are not of one model.",
        )
    _check_lengths(settings, rows)
    for name in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        _check_rules(settings, name, rows)
    return frozenset(tokens)


def _vocabulary(settings: JsonSettings, *, needs_unknown: bool) -> dict[str, int]:
    model = settings.values.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") not in _MODELS:
        settings.refuse(f"its model is none of {', '.join(_MODELS)}")
    words = model.get("vocab")
    if not isinstance(words, dict | list) or not 0 < len(words) <= MAX_VOCABULARY:
        settings.refuse(f"its vocabulary is empty, or holds more than {MAX_VOCABULARY:,} tokens")
    if isinstance(words, list):
        if not all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in words):
            settings.refuse("its vocabulary is damaged")
        words = {pair[0]: number for number, pair in enumerate(words)}
    if not all(type(number) is int and len(word) <= MAX_TOKEN_CHARACTERS for word, number in words.items()):
        settings.refuse(f"its vocabulary is damaged, or holds a token of more than {MAX_TOKEN_CHARACTERS:,} characters")
    _check_model(settings, model, words, needs_unknown=needs_unknown)
    return words


def _check_model(
    settings: JsonSettings, model: dict[str, Any], words: Mapping[str, int], *, needs_unknown: bool
) -> None:
    inner = JsonSettings(settings.file, model)
    inner.integer("max_input_chars_per_word", low=1, high=MAX_WORD_CHARACTERS, default=100)
    inner.number("dropout", low=0.0, high=0.0)
    for name in ("continuing_subword_prefix", "end_of_word_suffix"):
        inner.text(name, longest=MAX_AFFIX_CHARACTERS)
    merges = model.get("merges")
    if merges is not None and (not isinstance(merges, list) or len(merges) > 2 * MAX_VOCABULARY):
        inner.refuse("its merges are damaged, or too many")
    kind = model.get("type") or _kind_without_name(model)
    if kind in ("WordPiece", "WordLevel"):
        unknown = model.get("unk_token", "[UNK]" if kind == "WordPiece" else "<unk>")
        if not isinstance(unknown, str) or (unknown not in words and needs_unknown):
            inner.refuse(f"lacks its token for unknown words, {quote(unknown)}")
    if kind == "Unigram" and not (model.get("byte_fallback") and words.keys() >= _BYTE_TOKENS):
        inner.integer("unk_id", low=0, high=len(words) - 1)


def _kind_without_name(model: Mapping[str, Any]) -> str:
    """Find the kind of a tokenizer that was saved before kinds were written, as the library does."""
    if isinstance(model["vocab"], list):
        return "Unigram"
    if "merges" in model:
        return "BPE"
    return "WordPiece" if "max_input_chars_per_word" in model else "WordLevel"


def _added_tokens(settings: JsonSettings) -> dict[str, int]:
    added = settings.values.get("added_tokens") or []
    if not isinstance(added, list) or len(added) > MAX_ADDED_TOKENS:
        settings.refuse(f"it adds more than {MAX_ADDED_TOKENS:,} tokens, or its list of them is damaged")
    if sum(len(str(token.get("content"))) for token in added if isinstance(token, dict)) > MAX_ADDED_CHARACTERS:
        settings.refuse(f"its added tokens have more than {MAX_ADDED_CHARACTERS:,} characters")
    tokens = {}
    for token in added:
        if not isinstance(token, dict) or type(token.get("id")) is not int or not _is_token(token.get("content")):
            settings.refuse("its list of added tokens is damaged")
        tokens[token["content"]] = token["id"]
    return tokens


def _is_token(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= MAX_TOKEN_CHARACTERS


def _check_lengths(settings: JsonSettings, rows: int) -> None:
    """Check truncation and padding, which the loader sets again."""
    for name in ("truncation", "padding"):
        value = settings.values.get(name)
        if value is None:
            continue
        if not isinstance(value, dict):
            settings.refuse(f"{name} is {quote(value)}")
        inner = JsonSettings(settings.file, value)
        inner.integer("max_length", low=1, high=1_000_000, default=1)
        inner.integer("stride", low=0, high=1_000_000, default=0)
        inner.integer("pad_id", low=0, high=rows - 1, default=0)
        inner.integer("pad_to_multiple_of", low=1, high=1_024, default=1)
        strategy = value.get("strategy")
        if isinstance(strategy, dict):
            JsonSettings(settings.file, strategy).integer("Fixed", low=1, high=100_000)


def _check_rules(settings: JsonSettings, name: str, rows: int) -> None:
    """Check the rules of one stage: known types, few, no regex that can run for ever, little growth."""
    root = settings.values.get(name)
    if root is None:
        return
    growth = 1
    for number, rule in enumerate(_rules(settings, name, root)):
        if number >= MAX_RULES:
            settings.refuse(f"{name} has more than {MAX_RULES} rules")
        for value in rule.values():
            if isinstance(value, str) and len(value) > MAX_CHARSMAP_CHARACTERS:
                settings.refuse(f"a rule of {name} has a text of {len(value):,} characters")
        pattern = rule.get("pattern")
        if isinstance(pattern, dict) and "Regex" in pattern:
            check_regex(settings, name, pattern["Regex"])
        if isinstance(pattern, dict) and not pattern.get("String", "x"):
            settings.refuse(f"{name} has an empty pattern")
        if name == "normalizer":
            growth *= _growth(settings, rule)
        if rule["type"] in ("TemplateProcessing", "BertProcessing", "RobertaProcessing"):
            _check_template(settings, rule, rows)
    if growth > MAX_GROWTH:
        settings.refuse(f"its replacements can make a text {growth:,} times longer; {MAX_GROWTH} are the limit")


def _growth(settings: JsonSettings, rule: Mapping[str, Any]) -> int:
    """Bound by how much a rule lengthens a text; a regex may match between all characters."""
    if rule["type"] == "Precompiled":
        _check_charsmap(settings, rule.get("precompiled_charsmap"))
        return 1
    added, pattern = rule.get("content", rule.get("prepend", "")), rule.get("pattern")
    if not isinstance(added, str):
        settings.refuse(f"a rule of its normalizer puts in {quote(added)}")
    if isinstance(pattern, dict) and isinstance(pattern.get("String"), str):
        return max(1, math.ceil(len(added) / len(pattern["String"])))
    return 1 + len(added)


def _check_charsmap(settings: JsonSettings, text: object) -> None:
    """Check SentencePiece's table of replacements.

    The size of a trie, the trie, and the replacements, each ended by a zero.
    """
    try:
        table = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        table = b""
    replacements = table[4 + int.from_bytes(table[:4], "little") :].split(b"\0")
    if isinstance(text, str) and max(map(len, replacements)) > MAX_REPLACEMENT_BYTES:
        settings.refuse(f"its table of characters replaces one by more than {MAX_REPLACEMENT_BYTES} bytes")


def _rules(settings: JsonSettings, name: str, value: object, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Walk through a stage and the stages inside a Sequence."""
    if not isinstance(value, dict) or value.get("type") not in _RULES or depth > MAX_RULE_DEPTH:
        known = value.get("type") if isinstance(value, dict) else value
        settings.refuse(f"{name} has a rule of an unknown kind, or too deep: {quote(known)}")
    yield value
    for inner in ("normalizers", "pretokenizers", "processors", "decoders"):
        for one in value.get(inner) or []:
            yield from _rules(settings, name, one, depth + 1)


def _check_template(settings: JsonSettings, rule: Mapping[str, Any], rows: int) -> None:
    """Check the tokens that are put around each text: few, and with ids inside the weights."""
    problem = f"{rule['type']} is damaged, or names tokens outside the weights"
    pairs = [rule[key] for key in ("sep", "cls") if key in rule]
    special = rule.get("special_tokens") or {}
    if not isinstance(special, dict) or len(special) > MAX_RULES:
        settings.refuse(problem)
    ids = [pair[1] for pair in pairs if isinstance(pair, list) and len(pair) == 2]
    for token in special.values():
        if not isinstance(token, dict) or not isinstance(token.get("ids"), list) or len(token["ids"]) > MAX_RULES:
            settings.refuse(problem)
        ids += token["ids"]
    if len(ids) < len(pairs) or not all(type(number) is int and 0 <= number < rows for number in ids):
        settings.refuse(problem)
    for part in _TEXTS_OF:
        pieces = rule.get(part) or []
        if not isinstance(pieces, list) or len(pieces) > MAX_RULES:
            settings.refuse(problem)
        if sum(isinstance(piece, dict) and "Sequence" in piece for piece in pieces) > _TEXTS_OF[part]:
            settings.refuse(f"{rule['type']} repeats the text")


def check_word_list(file: ModelFile, *, rows: int) -> frozenset[str]:
    """Check vocab.txt, one token a line, where there is no tokenizer.json; list its tokens."""
    try:
        words = file.path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise FolderProblemError(file.name, "it is not UTF-8") from None
    if not 0 < len(words) <= rows:
        raise FolderProblemError(file.name, f"it holds {len(words):,} tokens; the weights hold {rows:,}")
    if "[UNK]" not in words or max(map(len, words)) > MAX_TOKEN_CHARACTERS:
        raise FolderProblemError(file.name, "it lacks the token [UNK], or has one that is too long")
    return frozenset(words)
