"""Tables read in a child process: the same as here, and clear errors when it dies."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lib.data.read.child_process import read_in_child_process
from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.errors import InputError
from tests.unit.data.read.odd_files import REFUSED, TWO


@pytest.mark.parametrize("act", [read_table, read_in_child_process])
def test_reading_apart_is_the_same(tmp_path: Path, act: Callable[..., object]) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(TWO)
    table = act(path)
    pd.testing.assert_frame_equal(table.frame, read_table(path).frame, check_dtype=False)  # type: ignore[attr-defined]
    path.write_bytes(REFUSED["unclosed quote"][0])
    with pytest.raises(InputError, match="line 3.*never closed"):
        act(path)


READER_ENDS = {
    "killed": ("import os; os.kill(os.getpid(), 9)", True),
    "no memory": ("raise MemoryError", True),
    "no memory in C++": ("import os; os.write(2, b'std::bad_alloc'); os.abort()", True),
    "ended at the limit": ("import os; os._exit(1)", True),
    "aborted": ("import os; os.abort()", False),
    "crashed": ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", False),
    "a bug": ("raise AttributeError('no such thing')", False),
}


@pytest.mark.parametrize("name", READER_ENDS)
def test_a_reader_that_dies_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Memory is named where it ran out, and nowhere else."""
    from lib import process

    code, is_memory = READER_ENDS[name]
    path = tmp_path / "x.csv"
    path.write_bytes(TWO)

    def start(*_: object, log: Path, **__: object) -> subprocess.Popen[bytes]:
        with log.open("wb") as file:
            return subprocess.Popen([sys.executable, "-c", code], stderr=file)

    monkeypatch.setattr(process, "_popen", start)
    with pytest.raises(InputError) as refused:
        read_in_child_process(path)
    assert ("GB of memory" in str(refused.value), "damaged" in str(refused.value)) == (is_memory, not is_memory)


@pytest.mark.parametrize("written", ["frame.parquet", "lines.npy", "report.json"])
def test_a_full_disk_is_a_clear_error(tmp_path: Path, written: str) -> None:
    from lib.data.read import child_process

    (tmp_path / "x.csv").write_bytes(TWO)
    (tmp_path / written).symlink_to("/dev/full")
    with pytest.raises(InputError, match="no room.*No space left"):
        child_process.save_table(read_table(tmp_path / "x.csv"), tmp_path)


def test_a_temporary_folder_that_is_gone_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.csv").write_bytes(TWO)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(InputError, match="no room"):
        read_in_child_process(tmp_path / "x.csv")


def test_half_a_character_in_a_column_name_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    path.write_text('[{"a\\ud800": "x", "b": "y"}]', encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_in_child_process([path], options=ReadOptions())
    assert "memory" not in str(refused.value)
