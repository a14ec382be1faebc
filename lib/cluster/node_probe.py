"""What a node of a cluster tells of itself.

It is sent there by value, so it imports the standard library only.
"""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Sequence
from importlib import metadata, util
from pathlib import Path
from typing import Any

COMPARED_PACKAGES = ("ray", "torch", "sentence-transformers", "transformers")
"""Packages whose versions decide what a training computes, or whether processes understand each other."""


def probe_node(folders: Sequence[str]) -> dict[str, Any]:
    """Collect this machine's versions, a digest of our package, and which of the folders it does not see."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in COMPARED_PACKAGES},
        "source": _source_digest(),
        "unseen": [folder for folder in folders if not Path(folder).exists()],
    }


def _version(package: str) -> str:
    """Look up an installed version; empty where there is none.

    Builds for a CPU and for CUDA count as one.
    """
    try:
        return metadata.version(package).split("+")[0]
    except metadata.PackageNotFoundError:
        return ""


def _source_digest() -> str:
    """Compute a digest of our package as this process imports it; empty where it cannot."""
    spec = util.find_spec("lib.cluster") if "lib" in sys.modules or util.find_spec("lib") else None
    if spec is None or spec.origin is None:
        return ""
    root = Path(spec.origin).parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
