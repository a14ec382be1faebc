"""Pass all the tests: format, lint, types, then unit, page, fault and browser tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tools import browser

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable

STEPS: tuple[tuple[str, list[str]], ...] = (
    ("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    ("lint", [PYTHON, "-m", "ruff", "check", "."]),
    ("types", [PYTHON, "-m", "mypy"]),
    # Two at a time where each has a workspace of its own; browsers one at a time: they share the screen of two cores.
    ("unit and page tests", [PYTHON, "-m", "pytest", "tests/unit", "tests/app", "-n", "2", "--dist", "loadfile"]),
    ("fault tests", [PYTHON, "-m", "pytest", "tests/faults", "-n", "2"]),
    ("browser tests", [PYTHON, "-m", "pytest", "tests/browser"]),
)


def environment() -> dict[str, str]:
    """Return the environment of the tests: no network hub, one thread a process, a browser."""
    return os.environ | {
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "CLOSER_BROWSER": browser.get(),
        "PYTHONDONTWRITEBYTECODE": "",
    }


def main() -> int:
    """Run every step, even after one failed, and say at the end which failed."""
    os.chdir(ROOT)
    given = environment()
    failed = []
    for name, command in STEPS:
        print(f"\n== {name}", flush=True)  # noqa: T201
        began = time.monotonic()
        if subprocess.run(command, env=given, stdin=subprocess.DEVNULL, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll passed.", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
