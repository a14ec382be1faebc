"""What the server loads ahead: all of Explore, nothing heavy; a step that fails is left to the page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lib.ui.server import preload
from lib.ui.server.health import HEAVY_PACKAGES

CODE = """
import json, sys
from lib.ui.explore import sections
from lib.ui.server.preload import load_plotly, start_preload
start_preload((sections.load_sections, load_plotly, sections.load_newest_map)).join()
known = set(sys.modules)
import lib.ui.explore.evaluation.verdict, lib.ui.explore.map.section, lib.ui.explore.pairs.table
import lib.ui.explore.evaluation.details, lib.ui.explore.playground
print(json.dumps([sorted(known & set(sys.argv[1:])), sorted(m for m in set(sys.modules) - known if m.startswith("lib."))]))
"""


def test_the_code_of_explore_is_preloaded_and_nothing_heavy(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CODE, *HEAVY_PACKAGES], capture_output=True, text=True, check=True)
    heavy, late = json.loads(done.stdout.splitlines()[-1])
    assert heavy == []
    assert late == []


def test_a_step_that_fails_is_logged_and_ends_the_preload(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ValueError("damaged")

    calls: list[str] = []
    preload.run_preload((lambda: calls.append("first"), fail, lambda: calls.append("last")))
    assert calls == ["first"]
    assert "damaged" in caplog.text


def test_what_is_loaded_is_left_out_of_later_collections() -> None:
    code = "import gc; from lib.ui.server.preload import freeze_loaded_objects as freeze; freeze(); print(gc.get_freeze_count(), len(gc.get_objects()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    frozen, rest = map(int, done.stdout.split())
    assert frozen > 5_000 > 10 * rest
