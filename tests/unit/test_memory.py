"""Memory is counted, limited and used again; what a container leaves counts as available."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from lib import memory
from lib.settings import ROOT

FAULTS = """
import resource, sys
import numpy as np
from lib.memory import keep_freed_memory

if sys.argv[1] == "kept":
    assert keep_freed_memory()
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(8_000_000)
    last = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(last)
"""
HELD = "from lib.memory import peak_process_memory; print(peak_process_memory())"
HOLDER = f"""
import subprocess, sys
block = b"x" * 1_500_000_000
print(subprocess.run([sys.executable, "-c", {HELD!r}], capture_output=True, text=True, check=True).stdout)
"""
LIMITED = (
    "from lib.memory import limit_memory; limit_memory({limit}); block = b'x' * {block}; import time; time.sleep(5)"
)


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("limits", "reason"), [("seconds=0.5, memory=10**12", " s"), ("seconds=60, memory=10**8", "MB")]
)
def test_a_block_that_takes_too_much_ends_the_process_with_a_reason(limits: str, reason: str) -> None:
    ended = run(
        f"import time; from lib.memory import end_beyond\n"
        f"with end_beyond({limits}, note=lambda why: print(why, flush=True)):\n"
        f"    block = b'x' * 400_000_000; time.sleep(30)"
    )
    assert ended.returncode == 1
    assert ended.stdout.strip().endswith(reason)


def test_a_block_within_its_limits_goes_on() -> None:
    ended = run(
        "import time; from lib.memory import end_beyond\n"
        "with end_beyond(seconds=0.3, memory=10**9, note=print): pass\n"
        "time.sleep(0.9)"
    )
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux hands the mark on")
def test_what_the_starting_process_held_is_not_counted() -> None:
    assert 5_000_000 < int(run(HOLDER).stdout) < 1_400_000_000


@pytest.mark.parametrize("missing", ["", "import psutil, sys; sys.modules['resource'] = None; "])
def test_a_process_that_passes_its_limit_ends(missing: str) -> None:
    """Where the system cannot limit it, it watches itself."""
    memory = 4_000_000_000 if not missing else 300_000_000
    assert run(missing + LIMITED.format(limit=memory, block=2 * memory)).returncode != 0
    assert run(missing + LIMITED.format(limit=memory, block=1000).replace("sleep(5)", "sleep(0.5)")).returncode == 0


def pages(kind: str) -> int:
    """Count the pages that the system had to give for a third block of 64 MB."""
    return int(run(FAULTS, kind).stdout)


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_keep_no_memory(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    assert not memory.keep_freed_memory()


def test_a_library_without_the_call_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert not memory.keep_freed_memory()


def test_where_it_works_blocks_are_used_again() -> None:
    with_kept = pages("kept") if memory.keep_freed_memory() else 0
    assert with_kept < 1_000
    assert with_kept < pages("plain")


def container(folder: Path, *, limit: str, usage: int = 0, cached: int = 0) -> None:
    """Write what a container of cgroup version 2 says of its memory."""
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{usage}\n")
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {cached}\nslab 7\n")


def test_a_container_has_what_its_limit_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    machine = psutil.virtual_memory().total
    assert 0 < memory.available_memory() < machine
    container(tmp_path, limit="50000", usage=30_000, cached=12_000)
    assert memory.available_memory() == 50_000 - 30_000 + 12_000
    container(tmp_path, limit="50000", usage=70_000)
    assert memory.available_memory() == 0


@pytest.mark.parametrize("limit", ["max", "9223372036854771712"])
def test_a_container_without_a_limit_has_the_machine(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    container(tmp_path, limit=limit)
    assert memory.available_memory() > 10_000_000
