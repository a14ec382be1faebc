"""Run the checks: all of them (`make test`), or those that take two minutes (`make check`).

python -m tools.check            format, lint, types, then unit, page, fault and browser tests
python -m tools.check --quick    format, lint, types, the rules of the house, and the unit tests that start no process
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tools import browser

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
Step = tuple[str, list[str]]

WORKER_GB = 5
"""Memory that a test process takes with the servers, browser and trainings it starts, in GB: 2.8 at its end, and what it starts."""

MOST_WORKERS = 6
"""Most test processes at a time: tests wait for real servers and browsers, which more of them would slow down."""


def count_workers() -> int:
    """Count the test processes that this machine has processors and memory for; two at least."""
    return max(2, min(MOST_WORKERS, os.cpu_count() or 2, int(psutil.virtual_memory().total / 1e9 / WORKER_GB)))


WORKERS = str(count_workers())

RERUNS = ("--reruns", "1", "-rR")
"""Tests against a real browser or a real cluster run once more where they fail, and are named; one that fails twice fails."""

STATIC: tuple[Step, ...] = (
    ("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    ("lint", [PYTHON, "-m", "ruff", "check", "."]),
    ("types", [PYTHON, "-m", "mypy"]),
)
QUICK: tuple[Step, ...] = (
    (
        "quick unit tests",
        [
            *(PYTHON, "-m", "pytest", "-n", WORKERS, "--dist", "loadfile", "tests/unit/test_architecture.py"),
            *(
                "tests/unit/data",
                "tests/unit/recipe",
                "tests/unit/charts",
                "tests/unit/store",
                "tests/unit/evaluation",
                "tests/unit/ui",
            ),
            *("tests/unit/test_format.py", "tests/unit/test_metrics.py"),
        ],
    ),
)
TESTS: tuple[Step, ...] = (
    # Several at a time, file by file: each has a workspace, a server and a browser of its own. The long journeys have few tests:
    # sorted by their number they would come last, and alone.
    ("unit and page tests", [PYTHON, "-m", "pytest", "tests/unit", "tests/app", "-n", WORKERS, "--dist", "loadfile"]),
    # One after another: they share a Ray cluster, which a second process would have to start again.
    ("cluster tests", [PYTHON, "-m", "pytest", "tests/cluster", *RERUNS]),
    ("fault tests", [PYTHON, "-m", "pytest", "tests/faults", "-n", WORKERS]),
    (
        "browser tests",
        [
            *(PYTHON, "-m", "pytest", "tests/browser", "-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"),
            *RERUNS,
        ],
    ),
)


def environment(*, quick: bool) -> dict[str, str]:
    """Build the tests' environment: no network hub, one thread a process, a browser where one is needed."""
    shared = {
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    return os.environ | shared | ({} if quick else {"CLOSER_BROWSER": browser.get()})


def main() -> int:
    """Run every step, even after one failed, and say at the end which failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.check", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only what takes two minutes")
    quick = parser.parse_args().quick
    os.chdir(ROOT)
    variables = environment(quick=quick)
    failed = []
    for name, command in (*STATIC, *(QUICK if quick else TESTS)):
        print(f"\n== {name}", flush=True)  # noqa: T201
        began = time.monotonic()
        if subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll passed.", flush=True)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
