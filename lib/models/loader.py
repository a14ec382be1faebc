"""Load a model, on the device there is, without ever waiting for a network that is not there."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer

from lib import settings
from lib.errors import ModelError
from lib.models import catalog

DOWNLOAD_ADDRESS = "https://huggingface.co"
CONNECT_SECONDS = 3.0
UNHASHED_KEYS = ("transformers_version", "dtype", "torch_dtype")
UNHASHED = (".md", ".lock", ".gitattributes", "MANIFEST.json")


def devices() -> list[str]:
    """List the devices that a model can run on, the fastest first; "cpu" is always the last."""
    found = ["cuda"] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        found.append("mps")
    return [*found, "cpu"]


def choose_device(device: str) -> str:
    """Resolve "auto" to the fastest device. Raises ModelError for a device that this machine lacks."""
    there = devices()
    if device == "auto":
        return there[0]
    if device.split(":")[0] not in there:
        raise ModelError(f"This machine has no {device}.", todo=f"Choose one of: auto, {', '.join(there)}.")
    return device


def load_model(
    name: str, *, device: str = "auto", home: Path | None = None, runs: catalog.RunFolder | None = None
) -> SentenceTransformer:
    """Load a model in evaluation mode and fp32. Raises ModelError, within seconds, with what to do."""
    home = home or settings.home()
    where = catalog.resolve(name, home=home, runs=runs)
    if name.strip() == catalog.STATIC_MODEL:
        from lib.models import static

        where = static.ensure_static_model(home)
    target = choose_device(device)
    if isinstance(where, str):
        _need_network(where)
    try:
        with _offline(isinstance(where, Path)):
            model = SentenceTransformer(
                str(where), device=target, local_files_only=isinstance(where, Path), trust_remote_code=False
            )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        raise ModelError(f"The model {name} cannot be loaded: {_first_line(error)}", todo=catalog.GO_ON) from error
    return model.float().eval()


def fingerprint(model: SentenceTransformer | Path | str) -> str:
    """Compute the SHA-256 (hex) of a folder's files, or of a loaded model's weights and modules."""
    digest = hashlib.sha256()
    if isinstance(model, SentenceTransformer):
        digest.update(repr((model.max_seq_length, model.truncate_dim, model.prompts)).encode())
        if model.default_prompt_name:
            digest.update(model.default_prompt_name.encode())
        digest.update("\n".join(_described(module) for module in model).encode())
        for key, value in sorted(model.state_dict().items()):
            plain = value.detach().cpu().contiguous()
            digest.update(f"{key} {plain.dtype} {tuple(plain.shape)}".encode())
            digest.update(memoryview(plain.view(-1).view(torch.uint8).numpy()))
        return digest.hexdigest()
    folder = Path(model)
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(UNHASHED)):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _described(module: torch.nn.Module) -> str:
    """Describe what a module computes besides its weights: settings, inner model's, vocabulary."""
    settings_of: dict[str, object] = getattr(module, "get_config_dict", dict)()
    config = getattr(getattr(module, "model", None), "config", None)
    inner = config.to_diff_dict() if config is not None else {}
    inner = {key: value for key, value in inner.items() if not key.startswith("_") and key not in UNHASHED_KEYS}
    tokenizer = getattr(module, "tokenizer", None)
    vocabulary = sorted(tokenizer.get_vocab().items()) if tokenizer is not None else ()
    return repr((type(module).__name__, sorted(settings_of.items()), sorted(inner.items(), key=str), vocabulary))


def _need_network(name: str) -> None:
    """Raise ModelError at once where a download cannot work, instead of minutes of retries."""
    offline = os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0") or os.environ.get("TRANSFORMERS_OFFLINE") == "1"
    if offline:
        raise ModelError(
            f"The model {name} is not on this machine, and downloads are switched off.", todo=catalog.GO_ON
        )
    host, port = download_host()
    reached: list[bool] = []
    thread = threading.Thread(target=lambda: reached.append(_reaches(host, port)), daemon=True)
    thread.start()
    thread.join(2 * CONNECT_SECONDS)  # looking a name up has no timeout of its own
    if not any(reached):
        raise ModelError(
            f"The model {name} is not on this machine, and the network does not reach {host}.", todo=catalog.GO_ON
        )


def download_host() -> tuple[str, int]:
    """Find host and port that a download connects to first: proxy, Hub or mirror (HF_ENDPOINT)."""
    target = urllib.request.getproxies().get("https") or os.environ.get("HF_ENDPOINT") or DOWNLOAD_ADDRESS
    parts = urllib.parse.urlsplit(target if "//" in target else f"//{target}")
    return parts.hostname or target, parts.port or (80 if parts.scheme == "http" else 443)


def _reaches(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


@contextmanager
def _offline(switch: bool) -> Iterator[None]:
    """Keep the Hub's library from asking the network about files of a local folder."""
    import huggingface_hub.constants as constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or switch
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
