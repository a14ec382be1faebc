"""What is installed is what the lock files name, and nothing of it reaches for the network when it is imported."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.audit import CLEAN, UNKNOWN, VULNERABLE, Audit, conclude, parse_report
from tools.locks import (
    CLUSTER_LOCK,
    CPU_LOCK,
    CUDA_LOCK,
    DEV_LOCK,
    EXPORT_LOCK,
    RUN_LOCK,
    SOURCES,
    TEAM_LOCK,
    TOOLS_LOCK,
    LockedPackage,
    normalise_name,
    read_lock,
)

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = (RUN_LOCK, TEAM_LOCK, EXPORT_LOCK, CLUSTER_LOCK, DEV_LOCK, CUDA_LOCK, CPU_LOCK, TOOLS_LOCK)


def direct(source: str) -> list[Requirement]:
    """Read the pins of a requirements file."""
    lines = (ROOT / source).read_text(encoding="utf-8").splitlines()
    return [Requirement(line.split("#")[0]) for line in lines if "==" in line.split("#")[0]]


def locked(*locks: str) -> dict[str, LockedPackage]:
    return {name: one for lock in locks for name, one in read_lock(ROOT / lock).items()}


def is_for_here(one: LockedPackage) -> bool:
    return not one.marker or Requirement(f"{one.name} ; {one.marker}").marker.evaluate()  # type: ignore[union-attr]


@pytest.mark.parametrize("lock", SOURCES)
def test_every_pin_is_locked_at_its_version(lock: str) -> None:
    packages = locked(lock)
    pins = direct(SOURCES[lock])
    assert pins
    for pin in pins:
        assert str(pin.specifier) == f"=={packages[normalise_name(pin.name)].version}", pin.name


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    packages = locked(lock)
    assert text.count("--hash=sha256:") == sum(len(one.hashes) for one in packages.values())
    for one in packages.values():
        assert one.hashes, one.name
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in one.hashes), one.name


def test_a_package_has_one_version_in_all_locks_that_share_an_environment() -> None:
    locks = (RUN_LOCK, TEAM_LOCK, EXPORT_LOCK, CLUSTER_LOCK, DEV_LOCK, CUDA_LOCK)
    assert len(locked(*locks)) == sum(len(locked(lock)) for lock in locks)


def test_the_build_for_the_cpu_is_the_one_of_the_torch_that_is_locked() -> None:
    assert locked(CPU_LOCK)["torch"].version == f"{locked(RUN_LOCK)['torch'].version}+cpu"


@pytest.mark.parametrize(
    "locks",
    [
        (RUN_LOCK,),
        (RUN_LOCK, TEAM_LOCK),
        (RUN_LOCK, EXPORT_LOCK),
        (RUN_LOCK, CLUSTER_LOCK),
        (RUN_LOCK, TEAM_LOCK, EXPORT_LOCK, CLUSTER_LOCK, DEV_LOCK),
    ],
    ids=["run", "team", "export", "cluster", "dev"],
)
def test_what_a_locked_package_needs_is_locked(locks: tuple[str, ...]) -> None:
    packages = locked(*locks)
    here = {name: one for name, one in packages.items() if is_for_here(one)}
    assert len(here) > 80
    for name, one in here.items():
        assert metadata.version(name).split("+")[0] == one.version, name
        for line in metadata.requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                there = locked(*locks, CUDA_LOCK)[normalise_name(needed.name)]
                assert needed.specifier.contains(there.version, prereleases=True), (name, line)


def test_no_package_reaches_for_the_network_when_it_is_imported() -> None:
    names = "\n".join(normalise_name(pin.name) for pin in direct("requirements.txt"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.offline_imports"],
        cwd=ROOT,
        input=names,
        capture_output=True,
        text=True,
        check=True,
    )
    facts = json.loads(done.stdout.splitlines()[-1])
    assert {"torch", "streamlit", "transformers", "umap"} <= set(facts["packages"])
    assert len(facts["modules"]) > 150
    assert facts["watch_works"]
    assert facts["reached"] == []


def test_a_package_that_was_skipped_is_not_free_of_vulnerabilities() -> None:
    """pip-audit ends with 0 where it could look nothing up."""
    skipped = {"name": "torch", "skip_reason": "not on the index"}
    clean = {"name": "numpy", "version": "2.0", "vulns": []}
    bad = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
    assert parse_report({"dependencies": [skipped, clean, bad]}) == Audit(
        2, ("pillow 1.0: PYSEC-1, mended in 1.1",), ("torch",)
    )
    assert conclude(Audit(0, (), ("torch",)))[0] == UNKNOWN
    assert conclude(Audit(1, (), ("torch",)))[0] == UNKNOWN
    assert conclude(Audit(2))[0] == CLEAN
    assert conclude(Audit(2, ("pillow 1.0: PYSEC-1",), ("torch",)))[0] == VULNERABLE
