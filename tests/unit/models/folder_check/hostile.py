"""Model folders that try to run code, read or write elsewhere, hang, exhaust memory, train on noise."""

from __future__ import annotations

import base64
import json
import os
import pickle
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.models.folder_check.conftest import edit

Spoil = Callable[[Path], object]


class Payload:
    """What runs when it is unpickled: it leaves a canary beside the model folder."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


def pickled(name: str, **settings: Any) -> Spoil:
    """Write a pickle that runs code, and what makes the loader read it."""

    def spoil(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(Payload(folder.parent / "canary")))
        if settings:
            edit(folder / "sentence_bert_config.json", lambda values: values.update(settings))
            edit(folder / "config.json", lambda values: values.pop("dtype"))

    return spoil


def put(file: str, /, **values: Any) -> Spoil:
    """Set settings of a json file, which is written where there is none."""

    def spoil(folder: Path) -> None:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text("{}")
        edit(path, lambda settings: settings.update(values))

    return spoil


def write(file: str, content: str | bytes) -> Spoil:
    """Write a file as it is."""
    return lambda folder: (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)


def replace(file: str, old: str, new: str) -> Spoil:
    """Replace the first occurrence of a text in a file."""
    return lambda folder: (folder / file).write_text((folder / file).read_text().replace(old, new, 1), encoding="utf-8")


def remove(file: str) -> Spoil:
    """Remove a file."""
    return lambda folder: (folder / file).unlink()


def modules(change: Callable[[list[dict]], object]) -> Spoil:
    """Change the list of modules."""
    return lambda folder: edit(folder / "modules.json", change)  # type: ignore[arg-type]


def kind(name: Any) -> Spoil:
    """Make the Dense module one of another class."""
    return modules(lambda chain: chain[2].update(type=name))


def tokenizer(change: Callable[[dict], object]) -> Spoil:
    """Change tokenizer.json."""
    return lambda folder: edit(folder / "tokenizer.json", change)


def normalizer(**rule: Any) -> Spoil:
    """Set the tokenizer's one rule of normalisation."""
    return tokenizer(lambda values: values.update(normalizer=rule))


def regex(pattern: str) -> Spoil:
    """Set a pattern that the tokenizer replaces."""
    return normalizer(type="Replace", pattern={"Regex": pattern}, content=" ")


def header(change: Callable[[dict], object], file: str = "model.safetensors") -> Spoil:
    """Change the header of the weights and leave the numbers as they are."""

    def spoil(folder: Path) -> None:
        raw = (folder / file).read_bytes()
        size = struct.unpack("<Q", raw[:8])[0]
        values = json.loads(raw[8 : 8 + size])
        change(values)
        changed = json.dumps(values).encode()
        (folder / file).write_bytes(struct.pack("<Q", len(changed)) + changed + raw[8 + size :])

    return spoil


def header_twice(folder: Path) -> None:
    """Put the first tensor into the header a second time, as one of 400 GB."""
    raw = (folder / "model.safetensors").read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    first = json.dumps(next(name for name in json.loads(raw[8 : 8 + size]) if name[0] != "_"))
    large = f'{{{first}:{{"dtype":"F32","shape":[1000000,100000],"data_offsets":[0,400000000000]}},'
    changed = large.encode() + raw[9 : 8 + size]
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(changed)) + changed + raw[8 + size :])


def rename(pick: Callable[[str], str]) -> Spoil:
    """Rename weights."""

    def change(values: dict) -> None:
        renamed = {pick(name): facts for name, facts in values.items()}
        values.clear()
        values.update(renamed)

    return header(change)


def without(name: str) -> Spoil:
    """Leave weights out, header and numbers alike."""

    def spoil(folder: Path) -> None:
        from safetensors.numpy import load_file, save_file

        weights = load_file(folder / "model.safetensors")
        save_file({key: value for key, value in weights.items() if key != name}, folder / "model.safetensors")

    return spoil


def link(file: str, target: str) -> Spoil:
    """Put a link in a file's place."""

    def spoil(folder: Path) -> None:
        (folder / file).unlink(missing_ok=True)
        (folder / file).symlink_to(target)

    return spoil


def fifo(file: str) -> Spoil:
    """Put a named pipe in a file's place: who reads it waits for ever."""

    def spoil(folder: Path) -> None:
        (folder / file).unlink(missing_ok=True)
        os.mkfifo(folder / file)

    return spoil


def unix_socket(folder: Path) -> None:
    """Put a socket into the folder."""
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket holds about 100 characters
    try:
        socket.socket(socket.AF_UNIX).bind("gate")
    finally:
        os.chdir(here)


def big(file: str, size: int) -> Spoil:
    """Make a file of that many bytes, a hole on the disk."""

    def spoil(folder: Path) -> None:
        with (folder / file).open("ab") as stream:
            stream.truncate(size)

    return spoil


def deep(folder: Path) -> None:
    """Nest folders."""
    (folder / "a/b/c/d/e").mkdir(parents=True)


def many(folder: Path) -> None:
    """Put more files into the folder than a model has."""
    for number in range(501):
        (folder / f"{number}.txt").touch()


def sharded(shard: str) -> Spoil:
    """Name the weights' file in an index."""

    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "weights.safetensors")
        index = {"metadata": {}, "weight_map": {"embeddings.word_embeddings.weight": shard}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return spoil


SBERT, CONFIG, MODULES = "sentence_bert_config.json", "config.json", "modules.json"
TOKENS, WEIGHTS, PROMPTS = "tokenizer.json", "model.safetensors", "config_sentence_transformers.json"
NAMES, POOLING, DENSE = "tokenizer_config.json", "1_Pooling/config.json", "2_Dense/config.json"
UNSAFE = {"weights_only": False, "use_safetensors": False}

RUN_CODE: dict[str, tuple[str, Spoil]] = {
    "pickle as weights": ("pytorch_model.bin", pickled("pytorch_model.bin")),
    "weights_only off": (SBERT, put(SBERT, model_kwargs=UNSAFE)),
    "weights_only off and a pickle": ("pytorch_model.bin", pickled("pytorch_model.bin", model_kwargs=UNSAFE)),
    "weights_only off by its old name": ("pytorch_model.bin", pickled("pytorch_model.bin", model_args=UNSAFE)),
    "pickle of a module": ("2_Dense/pytorch_model.bin", pickled("2_Dense/pytorch_model.bin")),
    "pickle under another name": ("weights.ckpt", pickled("weights.ckpt", model_kwargs={"variant": "x"})),
    "pickle of a checkpoint": ("checkpoint/optimizer.pt", pickled("checkpoint/optimizer.pt")),
    "pickle in capitals": ("PYTORCH_MODEL.BIN", pickled("PYTORCH_MODEL.BIN")),
    "pickle of numpy": ("weights.npy", pickled("weights.npy")),
    "adapter": ("adapter_config.json", write("adapter_config.json", '{"base_model_name_or_path": "a/b"}')),
    "adapter's weights": ("adapter_model.safetensors", write("adapter_model.safetensors", b"")),
    "program": ("modeling.py", write("modeling.py", "raise SystemExit")),
    "compiled program": ("modeling.pyc", write("modeling.pyc", b"")),
    "library": ("kernel.so", write("kernel.so", b"")),
    "auto_map": (CONFIG, put(CONFIG, auto_map={"AutoModel": "modeling.Model"})),
    "auto_map of another repository": (CONFIG, put(CONFIG, auto_map={"AutoModel": "a/b--modeling.Model"})),
    "auto_map of a tokenizer": (NAMES, put(NAMES, auto_map={"AutoTokenizer": ["tokens.Tokens", None]})),
    "trust_remote_code": (SBERT, put(SBERT, trust_remote_code=True)),
    "trust_remote_code for the config": (SBERT, put(SBERT, config_kwargs={"trust_remote_code": True})),
    "own module": (MODULES, kind("modeling.Model")),
    "function as module": (MODULES, kind("os.system")),
    "function of sentence-transformers as module": (MODULES, kind("sentence_transformers.util.http_get")),
    "cross-encoder as module": (MODULES, kind("sentence_transformers.CrossEncoder")),
    "CLIP module": (MODULES, kind("sentence_transformers.models.CLIPModel")),
    "router": (MODULES, kind("sentence_transformers.base.modules.router.Router")),
    "activation that is a function": (DENSE, put(DENSE, activation_function="os.system")),
    "activation of its own": (DENSE, put(DENSE, activation_function="modeling.Activation")),
    "attention kernel of the Hub": (CONFIG, put(CONFIG, _attn_implementation="evil/kernel")),
    "kernels": (CONFIG, put(CONFIG, use_kernels=True)),
    "quantisation": (CONFIG, put(CONFIG, quantization_config={"quant_method": "gptq"})),
    "tokenizer class of its own": (NAMES, put(NAMES, tokenizer_class="EvilTokenizer")),
    "processor class": (NAMES, put(NAMES, processor_class="EvilProcessor")),
    "processor": ("processor_config.json", write("processor_config.json", "{}")),
    "chat in place of texts": (
        SBERT,
        put(SBERT, modality_config={"message": {"method": "forward", "method_output_name": "last_hidden_state"}}),
    ),
    "another method of the model": (
        SBERT,
        put(SBERT, modality_config={"text": {"method": "save_pretrained", "method_output_name": "x"}}),
    ),
    "another task": (SBERT, put(SBERT, transformer_task="text-generation")),
    "another kind of model": (PROMPTS, put(PROMPTS, model_type="CrossEncoder")),
    "another model type": (CONFIG, put(CONFIG, model_type="timm_wrapper")),
    "settings under an old name": (
        "sentence_roberta_config.json",
        put("sentence_roberta_config.json", model_args=UNSAFE),
    ),
}
"""What could run code: the file that is named in the refusal, and how the folder is spoilt."""

REACH_OUT: dict[str, tuple[str, Spoil]] = {
    "device_map and offload_folder": (
        SBERT,
        put(SBERT, model_kwargs={"device_map": "auto", "offload_folder": "../canary"}),
    ),
    "gguf outside": (SBERT, put(SBERT, model_kwargs={"gguf_file": "../../../etc/passwd"})),
    "gguf": ("model.gguf", write("model.gguf", b"GGUF")),
    "tokenizer elsewhere": (SBERT, put(SBERT, tokenizer_name_or_path="../other")),
    "tokenizer file elsewhere": (NAMES, put(NAMES, tokenizer_file="/etc/passwd")),
    "vocabulary elsewhere": (NAMES, put(NAMES, vocab_file="../../vocab.txt")),
    "processor's arguments": (SBERT, put(SBERT, processor_kwargs={"subfolder": ".."})),
    "weights named by the config": (CONFIG, put(CONFIG, transformers_weights="../../secret.safetensors")),
    "backbone of the Hub": (CONFIG, put(CONFIG, backbone="evil/backbone")),
    "shard outside": ("model.safetensors.index.json", sharded("../../secret.safetensors")),
    "shard by its full path": ("model.safetensors.index.json", sharded("/etc/passwd")),
    "shard without the tensor": ("model.safetensors.index.json", sharded("missing.safetensors")),
    "module's folder outside": (MODULES, modules(lambda chain: chain[1].update(path="../1_Pooling"))),
    "module's folder by its full path": (MODULES, modules(lambda chain: chain[1].update(path="/etc"))),
    "link outside": ("README.md", link("README.md", "/etc/passwd")),
    "link as weights": (WEIGHTS, link(WEIGHTS, "/etc/hostname")),
    "link to a folder": ("2_Other", link("2_Other", "/etc")),
    "link to nothing": ("README.md", link("README.md", "nowhere")),
    "link to itself": ("README.md", link("README.md", "README.md")),
    "link to a device": ("README.md", link("README.md", "/dev/zero")),
    "pipe as README": ("README.md", fifo("README.md")),
    "pipe as settings": (CONFIG, fifo(CONFIG)),
    "socket": ("gate", unix_socket),
}
"""What could read or write outside the folder, or wait for something there."""

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

HOSTILE = RUN_CODE | REACH_OUT | EXHAUST | MISLEAD
