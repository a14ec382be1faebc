"""Model folders that end in a traceback, or train on weights and words made up."""

from __future__ import annotations

import os

from tests.unit.models.folder_check.spoil import (
    CONFIG,
    DENSE,
    MODULES,
    NAMES,
    POOLING,
    PROMPTS,
    SBERT,
    TOKENS,
    WEIGHTS,
    Spoil,
    header,
    header_twice,
    kind,
    modules,
    normalizer,
    put,
    remove,
    rename,
    replace,
    tokenizer,
    without,
    write,
)

MISLEAD: dict[str, tuple[str, Spoil]] = {
    "weights cut off": (WEIGHTS, lambda folder: os.truncate(folder / WEIGHTS, 2_000)),
    "weights of zeros": (WEIGHTS, write(WEIGHTS, b"\0" * 100)),
    "no weights": (WEIGHTS, remove(WEIGHTS)),
    "no weights of a module": ("2_Dense/model.safetensors", remove("2_Dense/model.safetensors")),
    "weights that overlap": (
        WEIGHTS,
        header(lambda values: [facts.update(data_offsets=[0, 4]) for name, facts in values.items() if name[0] != "_"]),
    ),
    "weights renamed": (WEIGHTS, rename(lambda name: name if name[0] == "_" else f"x.{name}.y")),
    "weights of a layer missing": (WEIGHTS, without("encoder.layer.1.output.dense.weight")),
    "word vectors missing": (WEIGHTS, without("embeddings.word_embeddings.weight")),
    "another hidden size": (WEIGHTS, put(CONFIG, hidden_size=16)),
    "no heads": (CONFIG, put(CONFIG, num_attention_heads=0)),
    "heads that do not fit": (CONFIG, put(CONFIG, num_attention_heads=3)),
    "hidden size as text": (CONFIG, put(CONFIG, hidden_size="eight")),
    "hidden size that is true": (CONFIG, put(CONFIG, hidden_size=True)),
    "hidden size below zero": (CONFIG, put(CONFIG, hidden_size=-8)),
    "dropout above one": (CONFIG, put(CONFIG, hidden_dropout_prob=7)),
    "dropout below zero": (CONFIG, put(CONFIG, hidden_dropout_prob=-0.5)),
    "normalisation that divides by nothing": (CONFIG, put(CONFIG, layer_norm_eps=0.0)),
    "normalisation by the root of less than nothing": (CONFIG, put(CONFIG, layer_norm_eps=-1.0)),
    "not a number": (CONFIG, write(CONFIG, '{"model_type": "bert", "layer_norm_eps": NaN}')),
    "number of 5,000 digits": (CONFIG, write(CONFIG, '{"vocab_size": ' + "9" * 5_000 + "}")),
    "half precision in eight bits": (CONFIG, put(CONFIG, dtype="float8_e4m3fn")),
    "padding outside the vocabulary": (CONFIG, put(CONFIG, pad_token_id=31)),
    "setting that stands twice": (
        CONFIG,
        replace(CONFIG, "{", '{"auto_map": {"AutoModel": "modeling.Model"}, "auto_map": null,'),
    ),
    "rule that stands twice": (
        TOKENS,
        replace(TOKENS, "{", '{"normalizer": {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": ""},'),
    ),
    "weights that stand twice": (WEIGHTS, header_twice),
    "number that is too large": (CONFIG, replace(CONFIG, "{", '{"initializer_range": 1e999,')),
    "settings that begin with a mark": (CONFIG, replace(CONFIG, "{", "\ufeff{")),
    "no token for unknown words, without a kind": (
        TOKENS,
        tokenizer(lambda values: (values["model"].pop("type"), values["model"]["vocab"].pop("[UNK]"))),
    ),
    "bytes for unknown words, without their tokens": (
        TOKENS,
        tokenizer(
            lambda values: values.update(
                model={
                    "type": "Unigram",
                    "unk_id": None,
                    "byte_fallback": True,
                    "vocab": [[word, -1.0] for word in values["model"]["vocab"]],
                }
            )
        ),
    ),
    "settings that are a list": (SBERT, write(SBERT, "[]")),
    "arguments that are a list": (SBERT, put(SBERT, model_args=["x"])),
    "settings that are no json": (CONFIG, write(CONFIG, "not json")),
    "settings that are no text": (CONFIG, write(CONFIG, b"\xff\xfe\x00")),
    "module's class as a number": (MODULES, kind(7)),
    "no modules": (MODULES, write(MODULES, "[]")),
    "modules as one object": (MODULES, write(MODULES, "{}")),
    "only a transformer": (MODULES, modules(lambda chain: chain.__delitem__(slice(1, None)))),
    "only pooling": (MODULES, modules(lambda chain: chain.__delitem__(0))),
    "modules of one name": (MODULES, modules(lambda chain: chain[1].update(name="0"))),
    "modules in one folder": (MODULES, modules(lambda chain: chain[2].update(path="1_Pooling"))),
    "two transformers": (MODULES, modules(lambda chain: chain.append({**chain[0], "name": "9", "path": "x"}))),
    "pooling of other dimensions": (POOLING, put(POOLING, embedding_dimension=16)),
    "pooling by an unknown mode": (POOLING, put(POOLING, pooling_mode="evil")),
    "dense that reads nothing": (DENSE, put(DENSE, module_input_name=None)),
    "dense of other dimensions": (DENSE, put(DENSE, in_features=16)),
    "dense with other weights": ("2_Dense/model.safetensors", put(DENSE, out_features=16)),
    "no tokenizer": (TOKENS, remove(TOKENS)),
    "tokens outside the weights": (TOKENS, tokenizer(lambda values: values["model"]["vocab"].update(zebra=31))),
    "added tokens outside the weights": (
        TOKENS,
        tokenizer(lambda values: values.update(added_tokens=[{"id": 99, "content": "zebra"}])),
    ),
    "template outside the weights": (
        TOKENS,
        tokenizer(
            lambda values: values.update(post_processor={"type": "BertProcessing", "sep": ["x", 99], "cls": ["y", 0]})
        ),
    ),
    "empty vocabulary": (TOKENS, tokenizer(lambda values: values["model"].update(vocab={}))),
    "no token for unknown words": (TOKENS, tokenizer(lambda values: values["model"]["vocab"].pop("[UNK]"))),
    "no token for padding": (NAMES, put(NAMES, pad_token="[NONE]")),
    "unknown rule": (TOKENS, normalizer(type="Evil")),
    "unknown kind of tokenizer": (TOKENS, tokenizer(lambda values: values["model"].update(type="Evil"))),
    "prompts as a list": (PROMPTS, put(PROMPTS, prompts=["a"])),
    "prompt as a number": (PROMPTS, put(PROMPTS, prompts={"query": 7}, default_prompt_name="query")),
    "unknown default prompt": (PROMPTS, put(PROMPTS, default_prompt_name="evil")),
    "truncation below zero": (PROMPTS, put(PROMPTS, truncate_dim=-3)),
    "truncation to nothing": (PROMPTS, put(PROMPTS, truncate_dim=0)),
    "texts of no tokens": (SBERT, put(SBERT, max_seq_length=0)),
    "texts of fewer than no tokens": (SBERT, put(SBERT, max_seq_length=-1)),
    "length of texts as text": (SBERT, put(SBERT, max_seq_length="many")),
    "setting that is not known": (CONFIG, put(CONFIG, evil=1)),
    "control characters": (CONFIG, put(CONFIG, **{"\x1b]0;title\x07\n": 1})),
}
"""What ended in a traceback, or trained on weights and words made up."""
