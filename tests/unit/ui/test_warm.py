"""What the server loads ahead: all of Explore, nothing heavy; and what cannot be read is left to the page to tell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lib.ui.server import preload

HEAVY = ("torch", "transformers", "sentence_transformers", "umap", "numba", "sklearn")

ASK = """
import json, sys
from lib.ui.explore import sections
from lib.ui.server import preload
preload.begin([sections.load_sections, preload.load_plotly, sections.load_newest_map]).join()
known = set(sys.modules)
import lib.ui.explore.evaluation.verdict, lib.ui.explore.map.section, lib.ui.explore.pairs.table
import lib.ui.explore.evaluation.details, lib.ui.explore.playground
print(json.dumps([sorted(known & set(sys.argv[1:])), sorted(m for m in set(sys.modules) - known if m.startswith("lib."))]))
"""


def test_the_code_of_explore_is_loaded_ahead_and_nothing_heavy(home: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ASK, *HEAVY], capture_output=True, text=True, check=True)
    heavy, late = json.loads(done.stdout.splitlines()[-1])
    assert heavy == []
    assert late == []


def test_a_step_that_fails_is_left_to_the_page(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> None:
        raise ValueError("damaged")

    preload.begin([broken]).join()
    assert "damaged" in caplog.text
