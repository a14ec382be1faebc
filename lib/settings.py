"""Paths, defaults, environment, and the limits that a person meets, which messages quote from here.

A limit of one algorithm stands beside it, with its reason.
"""

from __future__ import annotations

import os
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds app.py: helper processes start in it."""

BUNDLED_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
"""Hub name of the base model that comes as a pip package, so that the first training needs no network."""

PARTS = ("train", "validation", "held_out")
"""The parts of a split, in the order data takes: validation selects epochs, held-out only evaluates."""

VALIDATION_FRACTION = 0.10
HELD_OUT_FRACTION = 0.20

MAX_FILE_BYTES = 2_000_000_000
MAX_ARCHIVE_FILES = 1_000
"""Most files in a zip or a folder that is read as one."""
MAX_COLUMNS = 1_000
MAX_ROWS = 5_000_000
MAX_CELL_CHARACTERS = 1_000_000
PARSE_MEMORY_BYTES = 6_000_000_000
PARSE_SECONDS = 600

MAX_MODEL_FILES = 500
MAX_MODEL_BYTES = 40_000_000_000
MAX_MODEL_LAYERS = 200
MAX_MODEL_TOKENS = 1_000_000
MAX_PROMPT_CHARACTERS = 1_000
"""Most of what a model folder may hold: files, bytes, layers, tokens of a text, characters of a prompt.

The largest embedding models in use have 8 billion weights in 36 layers, 32,768 tokens, and instructions of 300
characters as prompts.
"""

UNLIMITED_MODEL_TOKENS = 2_048
"""Most tokens of a text for a model that names no limit of its own.

Written-out attention of 12 heads then takes 200 MB a text and layer, which any machine has.
"""

MODEL_LOAD_SECONDS = 300
MODEL_LOAD_MEMORY = 2_000_000_000
"""Seconds and bytes that loading a model may take besides what its weights need."""

MAX_SEEDS = 20
"""Of one press: so many repeats show the spread of a training well; more cost time without need."""

MAX_GRID_RECIPES = 64
"""Of one command: of so many the correction for the choice among them still leaves something to see (p below .05 / 64)."""

MAX_CLUSTER_TRAININGS = 4
"""On Ray clusters, that run at a time; more wait in the queue.

Each has two processes here, a worker and Ray's driver, of some 0.5 GB each. Where the cluster itself has no room, Ray lets a
training wait for it.
"""

MAX_VALIDATION_TEXTS = 20_000
"""Most texts that each epoch of a training is validated on.

Encoding them all every time would cost more than training.
"""

MAX_DRAWN_POINTS = 20_000
"""Above this a selection in the browser sends more than its socket takes, and a map shows no more."""

MAX_MAP_TEXTS = 500_000
"""Texts on a map of all texts; of more a sample is drawn. So many are drawn within a second (bench/README.md)."""


def home() -> Path:
    """Path of the workspace folder: CLOSER_HOME, or workspace/ beside app.py.

    Where Closer is installed as a package there is no app.py: the user's own data folder.
    """
    folder = os.environ.get("CLOSER_HOME", "").strip()
    if folder:
        return Path(folder).expanduser().resolve()
    return ROOT / "workspace" if (ROOT / "app.py").is_file() else platformdirs.user_data_path("closer", appauthor=False)


PACKAGE = "closer-embeddings"
"""Name under which Closer installs as a package."""


def package_version() -> str:
    """Look up Closer's version: what a checkout's own file states, else that of the installed package."""
    project = ROOT / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "unknown"


DOWNLOADS = "CLOSER_DOWNLOADS"
"""Environment variable that allows downloads of models from the Hub; without it nothing leaves the machine."""


def downloads_allowed() -> bool:
    """Whether a person has allowed that models are downloaded."""
    return os.environ.get(DOWNLOADS, "").strip().lower() in ("1", "true", "yes", "on")


def allow_downloads() -> None:
    """Allow downloads in this process and in those that it starts."""
    os.environ[DOWNLOADS] = "1"


CLUSTER_AUTHENTICATION = "CLOSER_RAY_AUTH"
"""Environment variable that says `off` where a person wants clusters that let everybody in."""


CLUSTER_TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
"""Environment variables of a cluster's token: for the process that talks to Ray, and the worker that starts it."""


def cluster_tokens() -> dict[str, str]:
    """Read from the environment what a process needs to be let into a cluster."""
    return {name: os.environ[name] for name in CLUSTER_TOKENS if name in os.environ}


def open_clusters_allowed() -> bool:
    """Whether a cluster without token authentication may be used."""
    return os.environ.get(CLUSTER_AUTHENTICATION, "").strip().lower() == "off"


def compiled_code_folder() -> Path:
    """Create the folder of numba's compiled functions in the user's cache.

    Readable by its owner only.

    numba stores pickles, which run code when they are read, so they never lie in a workspace, which may come from
    somebody else. One folder for each version of Python and numba.
    """
    name = f"numba-{version('numba')}-python-{sys.version_info.major}.{sys.version_info.minor}"
    folder = platformdirs.user_cache_path("closer", appauthor=False) / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def share_compiled_code() -> None:
    """Let numba keep what it compiles between processes; to be called before numba is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(compiled_code_folder()))
