"""Look every locked package up among known vulnerabilities (`make audit`).

python -m tools.audit    exit status 0: none is known; 1: some are; 2: not every package could be looked up
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from tools.locks import CLUSTER_LOCK, CUDA_LOCK, DEV_LOCK, EXPORT_LOCK, ROOT, RUN_LOCK, TEAM_LOCK

SERVICES = ("pypi", "osv")
"""Where pip-audit asks, in this order: the advisories of the package index, then those of OSV."""

CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2


@dataclass(frozen=True)
class Audit:
    """What a service answered: how many packages it knows, its advisories, and those that it lacks."""

    known: int
    advisories: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def parse_report(report: dict[str, Any]) -> Audit:
    """Read pip-audit's JSON.

    A package that it skipped was not looked up, whatever its own exit status says.
    """
    packages = report["dependencies"]
    advisories = [
        f"{one['name']} {one['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for one in packages
        for found in one.get("vulns", ())
    ]
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    return Audit(len(packages) - len(unknown), tuple(advisories), tuple(unknown))


def conclude(audit: Audit) -> tuple[int, str]:
    """Decide the exit status and write what was found."""
    if audit.advisories:
        return VULNERABLE, "\n".join(audit.advisories)
    if not audit.known:
        return UNKNOWN, "Nothing was looked up: the data of known vulnerabilities cannot be reached from here."
    if audit.unknown:
        return (
            UNKNOWN,
            f"{audit.known} packages have no known vulnerability; not looked up: {', '.join(audit.unknown)}.",
        )
    return CLEAN, f"None of {audit.known} packages has a known vulnerability."


def ask(service: str) -> Audit:
    """Let pip-audit look the pins of all lock files up. A service that does not answer knows no package."""
    locks = [
        word
        for lock in (RUN_LOCK, TEAM_LOCK, EXPORT_LOCK, CLUSTER_LOCK, DEV_LOCK, CUDA_LOCK)
        for word in ("-r", str(ROOT / lock))
    ]
    command = [sys.executable, "-m", "pip_audit", "--service", service, "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run([*command, "--no-deps", "--disable-pip", *locks], capture_output=True, check=False)
    try:
        return parse_report(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError):
        return Audit(0)


def main() -> int:
    """Ask one service after the other, until one knows the packages."""
    for service in SERVICES:
        audit = ask(service)
        if audit.known:
            break
    status, text = conclude(audit)
    print(text, flush=True)  # noqa: T201
    return status


if __name__ == "__main__":
    raise SystemExit(main())
