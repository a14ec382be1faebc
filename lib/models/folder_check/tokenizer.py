"""The tokenizer of a transformer: tokenizer.json or vocab.txt, and the settings beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lib.models.folder_check.files import ModelFile
from lib.models.folder_check.json_settings import JsonSettings, parse_file
from lib.models.folder_check.problem import FolderProblemError, quote
from lib.models.folder_check.tokens import MAX_ADDED_TOKENS, check_tokenizer_file, check_word_list

_CLASSES = (
    *("Albert", "Bert", "BertJapanese", "Bertweet", "Camembert", "Deberta", "DebertaV2", "DistilBert", "Electra"),
    *("Ernie", "GPT2", "Gemma", "Llama", "MPNet", "Mistral", "MobileBert", "Qwen2", "Roberta", "T5", "XLMRoberta"),
    *("PreTrained", "RetriBert", "Squeezebert", "Funnel", "Cohere"),
)
_CLASS = re.compile(rf"(?:{'|'.join(_CLASSES)})Tokenizer(?:Fast)?|TokenizersBackend|MPNetTokenizer")

_TOKENS = (
    *("unk_token", "pad_token", "cls_token", "sep_token", "mask_token", "bos_token", "eos_token", "prefix_token"),
    *("suffix_token", "image_token", "audio_token", "video_token", "boi_token", "eoi_token"),
)
_SWITCHES = (
    *("do_lower_case", "do_basic_tokenize", "tokenize_chinese_chars", "strip_accents", "wordpieces_prefix"),
    *("add_prefix_space", "trim_offsets", "clean_up_tokenization_spaces", "clean_text", "handle_chinese_chars"),
    *("legacy", "keep_accents", "remove_space", "split_by_punct", "add_bos_token", "add_eos_token", "use_fast"),
    *("split_special_tokens", "spaces_between_special_tokens", "use_default_system_prompt", "add_dummy_prefix_space"),
    *("is_local", "local_files_only", "extra_ids", "vocab_type", "from_slow", "verbose", "return_token_type_ids"),
    *("errors", "padding", "padding_side", "truncation", "truncation_side", "truncation_strategy", "backend"),
    *("name_or_path", "special_tokens_map_file", "max_length", "max_len", "stride", "pad_to_multiple_of"),
    *("pad_token_type_id", "pad_token_type", "full_tokenizer_file", "word_tokenizer_type", "subword_tokenizer_type"),
    *("do_word_tokenize", "do_subword_tokenize", "padding_idx", "tokenizer_type", "normalization"),
)
"""Settings of which the loader takes at most a switch, a number or a word; none names what it reads.

name_or_path and special_tokens_map_file are what a tokenizer was once saved from; the loader overwrites or drops them.
"""

_LISTS = ("model_input_names", "additional_special_tokens", "extra_special_tokens", "never_split")
_OTHERS = (
    *("tokenizer_class", "model_max_length", "added_tokens_decoder", "chat_template", "sp_model_kwargs"),
    *("tokenizer_file", "vocab_file", "merges_file", "spm_file", "init_inputs", "mecab_kwargs", "processor_class"),
)
_LONGEST_TEMPLATE = 100_000


def check_tokenizer(files: Mapping[str, ModelFile], prefix: str, *, rows: int) -> None:
    """Check the tokenizer in a module's subfolder against an embedding matrix of so many rows."""
    if prefix + "tokenizer.json" in files:
        tokens = check_tokenizer_file(files[prefix + "tokenizer.json"], rows=rows)
    elif prefix + "vocab.txt" in files:
        tokens = check_word_list(files[prefix + "vocab.txt"], rows=rows)
    else:
        raise FolderProblemError(
            prefix + "tokenizer.json",
            "it is missing, and without it every word would be unknown",
            "Save the model's tokenizer into the folder with save_pretrained.",
        )
    names = {**_read_special(files, prefix, tokens, rows), **_read_config(files, prefix, tokens, rows)}
    padding = names.get("pad_token", "[PAD]" if "[PAD]" in tokens else "<pad>")
    if padding not in tokens:
        raise FolderProblemError(prefix + "tokenizer_config.json", f"its padding token {quote(padding)} is no token")


def _read_config(files: Mapping[str, ModelFile], prefix: str, tokens: frozenset[str], rows: int) -> dict[str, str]:
    file = files.get(prefix + "tokenizer_config.json")
    if file is None:
        return {}
    settings = JsonSettings.read(file)
    settings.check_names((*_TOKENS, *_SWITCHES, *_LISTS, *_OTHERS))
    settings.refuse_unless_empty("sp_model_kwargs", "init_inputs", "mecab_kwargs", "processor_class")
    for name in ("tokenizer_file", "vocab_file", "merges_file", "spm_file"):
        settings.choice(name, ("tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "sentencepiece.bpe.model"))
    for name in _SWITCHES:
        if isinstance(settings.values.get(name), dict | list):
            settings.refuse(f"{name} is {quote(settings.values[name])}")
        settings.text(name) if isinstance(settings.values.get(name), str) else None
    kind = settings.text("tokenizer_class", longest=60)
    if kind and not _CLASS.fullmatch(kind):
        settings.refuse(f"it names a tokenizer class that is not known: {quote(kind)}")
    settings.number("model_max_length", low=1, high=1e31)
    _check_chat_template(settings)
    _check_decoder(settings, rows)
    return _token_names(settings, tokens)


def _check_chat_template(settings: JsonSettings) -> None:
    """Check the size of chat templates, which are never rendered: texts are all that is encoded."""
    template = settings.values.get("chat_template")
    parts = template if isinstance(template, list) else [template]
    if len(parts) > 20 or len(repr(parts)) > _LONGEST_TEMPLATE:
        settings.refuse("its chat template is too long")


def _check_decoder(settings: JsonSettings, rows: int) -> None:
    decoder = settings.values.get("added_tokens_decoder") or {}
    if not isinstance(decoder, dict) or len(decoder) > MAX_ADDED_TOKENS:
        settings.refuse("added_tokens_decoder is damaged, or too long")
    for number, token in decoder.items():
        inside = number.isdecimal() and len(number) < 12 and int(number) < rows
        if not inside or not isinstance(token, dict) or not set(token) <= _TOKEN_FACTS:
            settings.refuse(f"added_tokens_decoder has a damaged token, or one outside the weights: {quote(number)}")


_TOKEN_FACTS = {"content", "lstrip", "rstrip", "normalized", "single_word", "special", "__type"}


def _token_names(settings: JsonSettings, tokens: frozenset[str]) -> dict[str, str]:
    """Read the special tokens; those that a text is given must be in the vocabulary."""
    for name in _LISTS:
        value = settings.values.get(name)
        if value is not None and (not isinstance(value, list | dict) or len(value) > MAX_ADDED_TOKENS):
            settings.refuse(f"{name} is {quote(value)}")
    names = {}
    for name in _TOKENS:
        value = settings.values.get(name)
        text = _content(value)
        if value is not None and text is None:
            settings.refuse(f"{name} is {quote(value)}")
        if text:
            names[name] = text
    for name in ("unk_token", "cls_token", "sep_token"):
        if name in names and names[name] not in tokens:
            settings.refuse(f"its {name} {quote(names[name])} is not in the vocabulary")
    return names


def _content(value: Any) -> str | None:
    if isinstance(value, dict) and set(value) <= _TOKEN_FACTS:
        value = value.get("content")
    return value if isinstance(value, str) and len(value) <= 200 else None


def _read_special(files: Mapping[str, ModelFile], prefix: str, tokens: frozenset[str], rows: int) -> dict[str, str]:
    """Read special_tokens_map.json and added_tokens.json, which older tokenizers have."""
    if (added := files.get(prefix + "added_tokens.json")) is not None:
        words = parse_file(added)
        if not isinstance(words, dict) or len(words) > MAX_ADDED_TOKENS:
            raise FolderProblemError(added.name, "it is damaged, or too long")
        beyond = [word for word, number in words.items() if type(number) is not int or not 0 <= number < rows]
        if beyond:
            raise FolderProblemError(added.name, f"{quote(beyond[0])} has an id outside the weights")
    file = files.get(prefix + "special_tokens_map.json")
    if file is None:
        return {}
    settings = JsonSettings.read(file)
    settings.check_names((*_TOKENS, *_LISTS))
    return _token_names(settings, tokens)
