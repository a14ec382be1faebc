"""The most memory that a training took is its own, whatever process began it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CHILD = "import torch; from lib.training.memory import peak_memory; print(peak_memory(torch.device('cpu')))"
PARENT = f"""
import subprocess, sys
block = b"x" * 1_500_000_000
print(subprocess.run([sys.executable, "-c", {CHILD!r}], capture_output=True, text=True, check=True).stdout)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux hands the mark on")
def test_what_the_starting_process_held_is_not_counted() -> None:
    done = subprocess.run([sys.executable, "-c", PARENT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 50_000_000 < int(done.stdout) < 1_400_000_000
