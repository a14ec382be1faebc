"""The lock files: which there are, and how one is read.

Only the standard library: it runs before anything is installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

RUN_LOCK = "requirements.lock"
TEAM_LOCK = "requirements-team.lock"
"""What a server needs besides that people sign in to; it includes the first."""
EXPORT_LOCK = "requirements-export.lock"
"""What writing a model as an ONNX graph needs besides; it includes the first."""
CLUSTER_LOCK = "requirements-cluster.lock"
"""What training and encoding on a Ray cluster need besides; it includes the first."""
DEV_LOCK = "requirements-dev.lock"
"""What the tests need besides; it includes the other four."""
CUDA_LOCK = "requirements-cuda.lock"
"""What torch needs besides where its build for CUDA is installed: gigabytes that a laptop has no use for."""
CPU_LOCK = "requirements-cpu.lock"
"""torch's build for the CPU alone, which no index that `make lock` asks has: written by hand."""
TOOLS_LOCK = "requirements-tools.lock"

SOURCES = {
    RUN_LOCK: "requirements.txt",
    TEAM_LOCK: "requirements-team.txt",
    EXPORT_LOCK: "requirements-export.txt",
    CLUSTER_LOCK: "requirements-cluster.txt",
    DEV_LOCK: "requirements-dev.txt",
    TOOLS_LOCK: "requirements-tools.txt",
}


@dataclass(frozen=True)
class LockedPackage:
    """A package of a lock file.

    marker: the platforms it is for, may be empty. hashes: SHA-256 of its files, hexadecimal.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def normalise_name(name: str) -> str:
    """Write a package's name as the index does (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(path: Path) -> dict[str, LockedPackage]:
    """Read the packages of one lock file by name, without those of a file that it includes."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    packages = [_parse(line) for line in lines if "==" in line and not line.lstrip().startswith("#")]
    return {one.name: one for one in packages}


def _parse(line: str) -> LockedPackage:
    requirement, *hashes = line.split("--hash=")
    pin, _, marker = requirement.partition(" ; ")
    name, _, version = pin.strip().partition("==")
    return LockedPackage(
        normalise_name(name),
        version.strip(),
        marker.strip(),
        tuple(one.strip().removeprefix("sha256:") for one in hashes),
    )
