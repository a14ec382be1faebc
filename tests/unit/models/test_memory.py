"""Freed memory is kept: the second large block costs no new pages."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lib.models import allocator

COUNT = """
import resource, sys
import numpy as np
from lib.models import allocator

if sys.argv[1] == "kept":
    assert allocator.keep_pages()
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8_000_000)
    last = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(last)
"""


def faults(kind: str) -> int:
    """Return how many pages the system had to give for a third block of 64 MB."""
    found = subprocess.run([sys.executable, "-c", COUNT, kind], capture_output=True, text=True, check=True, timeout=120)
    return int(found.stdout)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_left_alone(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert not allocator.keep_pages()


def test_a_library_without_the_call_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: object())
    assert not allocator.keep_pages()


def test_where_it_works_blocks_are_used_again() -> None:
    kept = faults("kept") if allocator.keep_pages() else 0
    assert kept < 1_000
    assert kept < faults("plain")
