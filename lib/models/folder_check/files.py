"""The files of a model folder: regular ones inside it, of bounded number and size."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lib.models.folder_check.problem import FolderProblemError
from lib.settings import MAX_MODEL_BYTES, MAX_MODEL_FILES

MAX_DEPTH = 3
"""Folders below a model folder, such as onnx/ and 1_Pooling/; a deeper tree is no model."""

MAX_JSON_BYTES = 8_000_000
MAX_TOKENIZER_BYTES = 64_000_000
"""Bytes of tokenizer.json: twice that of Gemma 3, whose 262,144 tokens are the largest vocabulary in use."""

MAX_TEXT_BYTES = 16_000_000
"""Bytes of a vocabulary, a merge list, a chat template or a README, which the loader reads whole."""

_TEXTS = (".txt", ".md", ".jinja", ".model")

_UNSAFE = {
    "it holds weights that can run a program when they are read (pickle)": (
        *(".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".npz", ".mar"),
    ),
    "it holds weights of a format that is not read": (".h5", ".hdf5", ".msgpack", ".gguf", ".ggml", ".keras", ".pb"),
    "it is a program": (".py", ".pyc", ".pyo", ".pyd", ".so", ".dll", ".dylib", ".exe", ".sh", ".bat", ".whl", ".egg"),
}
_REASONS = {suffix: reason for reason, suffixes in _UNSAFE.items() for suffix in suffixes}

_UNSUPPORTED = {
    "adapter_config.json": "it is an adapter that names another model",
    "processor_config.json": "it asks for a processor of pictures or sound",
    "preprocessor_config.json": "it asks for a processor of pictures or sound",
    "video_preprocessor_config.json": "it asks for a processor of pictures or sound",
}


@dataclass(frozen=True)
class ModelFile:
    """A file of a model folder: its name inside the folder with `/`, path, bytes and change time."""

    name: str
    path: Path
    size: int
    changed: int


def list_files(folder: Path) -> dict[str, ModelFile]:
    """List a model folder's files by name. Raises FolderProblemError for one that may not be there.

    Folders whose name begins with a dot (.git, .cache) are left out: the loader never reads them.
    """
    files: dict[str, ModelFile] = {}
    total = 0
    for name, entry in _walk(folder):
        file = _regular_file(name, entry, folder)
        _check_name(file)
        files[name] = file
        total += file.size
        if len(files) > MAX_MODEL_FILES:
            raise FolderProblemError("", f"it holds more than {MAX_MODEL_FILES:,} files")
        if total > MAX_MODEL_BYTES:
            raise FolderProblemError("", f"its files hold more than {MAX_MODEL_BYTES // 10**9} GB")
    return files


def _walk(folder: Path, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, os.DirEntry[str]]]:
    if depth > MAX_DEPTH:
        raise FolderProblemError(prefix, f"its folders stand inside each other more than {MAX_DEPTH} deep")
    with os.scandir(folder) as entries:
        for number, entry in enumerate(entries):
            if number > MAX_MODEL_FILES:
                raise FolderProblemError("", f"it holds more than {MAX_MODEL_FILES:,} files")
            if not entry.is_dir(follow_symlinks=False):
                yield prefix + entry.name, entry
            elif not entry.name.startswith("."):
                yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", depth + 1)


def _regular_file(name: str, entry: os.DirEntry[str], folder: Path) -> ModelFile:
    """Follow a link only inside the folder, or into the blobs of the same download."""
    path = Path(entry.path)
    if entry.is_symlink():
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            raise FolderProblemError(name, "it is a link that leads nowhere") from None
        if not any(target.is_relative_to(root) for root in _link_roots(folder)):
            raise FolderProblemError(name, "it is a link to a place outside the folder")
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise FolderProblemError(name, "it is neither a file nor a folder (a pipe, a device or a socket)")
    return ModelFile(name, path, facts.st_size, facts.st_mtime_ns)


def _link_roots(folder: Path) -> list[Path]:
    """List where links may lead: a snapshot in the Hub's cache consists of links to its blobs."""
    here = folder.resolve()
    repository = here.parent.parent
    if here.parent.name != "snapshots" or not repository.name.startswith("models--"):
        return [here]
    blobs = repository / "blobs"
    return [here] if blobs.is_symlink() else [here, blobs]


def _check_name(file: ModelFile) -> None:
    base = file.name.rsplit("/", 1)[-1].lower()
    suffix = os.path.splitext(base)[1]
    reason = _UNSUPPORTED.get(base) or (
        "it is an adapter" if base.startswith("adapter_model.") else _REASONS.get(suffix)
    )
    if reason:
        todo = "Only safetensors weights are read. If the folder holds model.safetensors too, delete this file."
        raise FolderProblemError(file.name, reason, todo)
    limit = MAX_TOKENIZER_BYTES if base == "tokenizer.json" else MAX_JSON_BYTES if suffix == ".json" else None
    limit = MAX_TEXT_BYTES if suffix in _TEXTS else limit
    if limit is not None and file.size > limit:
        raise FolderProblemError(file.name, f"it holds {file.size:,} bytes; {limit:,} are the limit")
