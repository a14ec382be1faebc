"""What a good model folder is spoilt with, one file at a time."""

from __future__ import annotations

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
