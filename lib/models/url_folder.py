"""A model folder by URL: copied once to this machine, then checked and loaded as any other folder."""

from __future__ import annotations

import hashlib
import json
from fnmatch import fnmatch
from pathlib import Path

import platformdirs

from lib.errors import ModelError
from lib.format import format_bytes
from lib.models.folder_check.modules import MODULES
from lib.models.loader import DOWNLOADED, LEFT_ON_THE_HUB
from lib.settings import MAX_MODEL_BYTES, MAX_MODEL_FILES
from lib.store.locations import Location
from lib.store.publish import publish


def fetch_url_folder(location: Location) -> Path:
    """Copy the data files of a model folder to the user's cache; again only when one of them has changed.

    Raises ModelError where it holds no model or too much, InputError and StoreError where it cannot be read.
    """
    stamps = {name: stamp for name, stamp in location.stamps().items() if _is_data(name)}
    if MODULES not in stamps and "config.json" not in stamps:
        raise ModelError(f"{location} holds no model: neither {MODULES} nor config.json.", todo="Check the URL.")
    size = sum(size for size, _ in stamps.values())
    if len(stamps) > MAX_MODEL_FILES or size > MAX_MODEL_BYTES:
        raise ModelError(
            f"{location} holds {len(stamps):,} files of {format_bytes(size)}; "
            f"{MAX_MODEL_FILES:,} of {format_bytes(MAX_MODEL_BYTES)} are the limit."
        )
    mark = hashlib.sha256(json.dumps([str(location), sorted(stamps.items())]).encode()).hexdigest()
    folder = platformdirs.user_cache_path("closer", appauthor=False) / "models" / mark[:32] / location.name
    if not folder.is_dir():
        with publish(folder) as part:
            location.download(stamps, part)
    return folder


def _is_data(name: str) -> bool:
    """Check for a file that a download from the Hub would take too: no program and no pickle."""
    taken = any(fnmatch(name, pattern) for pattern in DOWNLOADED)
    return taken and not any(fnmatch(name, pattern) for pattern in LEFT_ON_THE_HUB)
