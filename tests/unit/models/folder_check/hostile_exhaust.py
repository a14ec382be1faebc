"""Model folders that try to take all time, memory or disk."""

from __future__ import annotations

import base64
import json
import struct

from tests.unit.models.folder_check.spoil import (
    CONFIG,
    MODULES,
    PROMPTS,
    SBERT,
    TOKENS,
    WEIGHTS,
    Spoil,
    big,
    deep,
    many,
    modules,
    normalizer,
    put,
    regex,
    tokenizer,
    write,
)

EXHAUST: dict[str, tuple[str, Spoil]] = {
    "a million layers": (CONFIG, put(CONFIG, num_hidden_layers=1_000_000)),
    "more layers than the weights hold": (CONFIG, put(CONFIG, num_hidden_layers=3)),
    "vocabulary beyond the weights": (WEIGHTS, put(CONFIG, vocab_size=9_000_000)),
    "positions beyond the weights": (WEIGHTS, put(CONFIG, max_position_embeddings=900_000)),
    "inner width beyond the weights": (CONFIG, put(CONFIG, intermediate_size=900_000)),
    "header of 90 MB": (WEIGHTS, write(WEIGHTS, struct.pack("<Q", 90_000_000) + b" " * 64)),
    "header of 2^63 bytes": (WEIGHTS, write(WEIGHTS, struct.pack("<Q", 1 << 63) + b"{}")),
    "weights of 50 GB": ("", big(WEIGHTS, 50_000_000_000)),
    "tokenizer of 120 MB": (TOKENS, big(TOKENS, 120_000_000)),
    "README of 1 GB": ("README.md", big("README.md", 1_000_000_000)),
    "settings of 1 GB": (CONFIG, big(CONFIG, 1_000_000_000)),
    "settings nested 100,000 deep": (CONFIG, write(CONFIG, "[" * 100_000)),
    "folders nested": ("a/b/c/d/", deep),
    "500 files and more": ("", many),
    "pattern that runs for ever": (TOKENS, regex("(a+)+$")),
    "pattern that runs for ever, counted": (TOKENS, regex("(a{1,30}){1,30}$")),
    "pattern with many repetitions": (TOKENS, regex("a*a*a*a*a*a*a*b")),
    "pattern with a reference": (TOKENS, regex(r"(a)\1")),
    "pattern with many optional parts": (TOKENS, regex("a?" * 200 + "a" * 200)),
    "pattern with many choices": (TOKENS, regex("(a|aa)" * 100 + "b")),
    "pattern with many choices that splits": (
        TOKENS,
        tokenizer(
            lambda values: values.update(
                pre_tokenizer={
                    "type": "Split",
                    "pattern": {"Regex": "(a|aa)" * 100 + "b"},
                    "behavior": "Isolated",
                    "invert": False,
                }
            )
        ),
    ),
    "pattern with repetitions in its groups": (TOKENS, regex("(a*|b)(a*|c)(a*|d)(a*|e)(a*|f)")),
    "pattern with many counted repetitions": (TOKENS, regex("a{0,9}a{0,9}a{0,9}a{0,9}a{0,9}b")),
    "pattern with a bracket in a comment": (TOKENS, regex("(?x)(a # )\n|a)")),
    "text between the parts of a word": (
        TOKENS,
        tokenizer(lambda values: values["model"].update(continuing_subword_prefix="#" * 1_000_000)),
    ),
    "template that repeats the text": (
        TOKENS,
        tokenizer(
            lambda values: values.update(
                post_processor={
                    "type": "TemplateProcessing",
                    "single": [{"Sequence": {"id": "A", "type_id": 0}}] * 60,
                    "pair": [],
                    "special_tokens": {},
                }
            )
        ),
    ),
    "added tokens of 15 million characters": (
        TOKENS,
        tokenizer(
            lambda values: values.update(
                added_tokens=[{"id": 5, "content": f"{number:0>900}"} for number in range(16_000)]
            )
        ),
    ),
    "pattern of a megabyte": (TOKENS, regex("a" * 1_000_000)),
    "replacement that explodes": (
        TOKENS,
        normalizer(
            type="Sequence",
            normalizers=[{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaa"} for _ in range(30)],
        ),
    ),
    "patterns that match everywhere": (
        TOKENS,
        normalizer(
            type="Sequence",
            normalizers=[{"type": "Replace", "pattern": {"Regex": "x*"}, "content": "y"} for _ in range(30)],
        ),
    ),
    "empty pattern": (TOKENS, normalizer(type="Replace", pattern={"String": ""}, content="y")),
    "table of characters that explodes": (
        TOKENS,
        normalizer(
            type="Precompiled", precompiled_charsmap=base64.b64encode(b"\0" * 4 + b"y" * 9_000 + b"\0").decode()
        ),
    ),
    "a billion labels": (CONFIG, put(CONFIG, num_labels=1_000_000_000)),
    "feed-forward in chunks": (CONFIG, put(CONFIG, chunk_size_feed_forward=7)),
    "rules nested": (
        TOKENS,
        tokenizer(lambda values: values.update(normalizer=json.loads(_nested(50)))),
    ),
    "a hundred rules": (
        TOKENS,
        normalizer(type="Sequence", normalizers=[{"type": "Lowercase"}] * 100),
    ),
    "30,000 added tokens": (
        TOKENS,
        tokenizer(
            lambda values: values.update(added_tokens=[{"id": 1, "content": str(number)} for number in range(30_000)])
        ),
    ),
    "padding to a million": (
        TOKENS,
        tokenizer(lambda values: values.update(padding={"strategy": {"Fixed": 1_000_000_000}})),
    ),
    "two million modules": (MODULES, modules(lambda chain: chain.extend(chain * 1_000))),
    "prompt of 3,300 characters": (
        PROMPTS,
        put(PROMPTS, prompts={"query": "q" * 3_300}, default_prompt_name="query"),
    ),
    "texts of a billion tokens": (SBERT, put(SBERT, max_seq_length=1_000_000_000)),
}
"""What could take all time, memory or disk."""


def _nested(depth: int) -> str:
    return '{"type":"Sequence","normalizers":[' * depth + "]}" * depth
