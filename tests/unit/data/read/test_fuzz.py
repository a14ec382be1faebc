"""A damaged file of any reader is read or refused with a named error.

CLOSER_FUZZ_SECONDS=600 lets each reader go on for so long with new seeds: what is found gets a test of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.settings import ROOT
from tests.unit.data.read.fuzz import READERS

ROUNDS = 60
"""Of each reader; some milliseconds each."""
FUZZ_SECONDS = float(os.environ.get("CLOSER_FUZZ_SECONDS", 0))


@pytest.mark.timeout(600 + 2 * FUZZ_SECONDS * len(READERS))
def test_a_damaged_file_is_read_or_refused_with_a_named_error(tmp_path: Path) -> None:
    arguments = [str(tmp_path), str(ROUNDS), str(FUZZ_SECONDS), *READERS]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.unit.data.read.fuzz", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{ended.stderr[-4000:]} {[path.name for path in tmp_path.iterdir()]}"
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one for one in found if "error" in one] == []
    done = {one["reader"]: one["rounds"] for one in found}
    assert set(done) == set(READERS)
    assert all(rounds >= ROUNDS for rounds in done.values())
