"""Model folders that try to read or write elsewhere, or wait there."""

from __future__ import annotations

from tests.unit.models.folder_check.spoil import (
    CONFIG,
    MODULES,
    NAMES,
    SBERT,
    WEIGHTS,
    Spoil,
    fifo,
    link,
    modules,
    put,
    sharded,
    unix_socket,
    write,
)

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
