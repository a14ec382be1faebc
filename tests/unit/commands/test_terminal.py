"""What commands print of names, cells, columns and errors cannot drive the terminal."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tqdm import tqdm

from lib.__main__ import main
from lib.commands.terminal import protect_terminal
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run
from tests.hostile import CONTROLS

HOSTILE = "\x1b]0;title\x07\x9b2J\u202egnp"
CONTROL = set(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x202E]))


def assert_harmless(text: str) -> None:
    """Check that the text holds no control but tab and line feed."""
    assert not CONTROL & set(text)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write a file with hostile columns and cells."""
    path = tmp_path / "pairs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"source{HOSTILE}\nforged line", f"target{HOSTILE}"])
        writer.writerows([f"text {n} {HOSTILE}", f"answer {n} {CONTROLS[n % 8]}"] for n in range(60))
    return path


def test_audit_escapes_columns(home: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(table), "--anchor", f"unknown{HOSTILE}\nforged line"]) == 1
    assert main(["audit", str(table), "--header"]) == 0
    printed = capsys.readouterr()
    assert_harmless(printed.out + printed.err)
    assert "\\u001b]0;title" in printed.out + printed.err
    assert not any(line.startswith("forged") for line in (printed.out + printed.err).split("\n"))


def test_json_is_harmless_and_keeps_the_texts(home: Path, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(table), "--header", "--json"]) == 0
    printed = capsys.readouterr().out
    assert_harmless(printed)
    assert json.loads(printed)["examples"][0]["anchor"] == f"text 0 {HOSTILE}"


def test_runs_and_errors_are_harmless(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = open_workspace(home)
    run = add_run(workspace, add_dataset(workspace), "planted/model")
    workspace.runs.rename(run.id, f"name {HOSTILE}")
    assert main(["runs"]) == 0
    assert main(["evaluate", f"x{HOSTILE}\nforged"]) == 1
    assert main(["audit", f"missing{HOSTILE}.csv"]) == 1
    with pytest.raises(SystemExit):
        main(["runs", f"--unknown{HOSTILE}"])
    printed = capsys.readouterr()
    assert_harmless(printed.out + printed.err)
    assert "\\u001b]0;title" in printed.out
    assert not any(line.startswith("forged") for line in printed.err.splitlines())


def test_a_progress_bar_still_draws_over_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with protect_terminal():
        for _ in tqdm(range(2), desc=f"run {HOSTILE}\rx", file=sys.stderr, mininterval=0):
            pass
    printed = capsys.readouterr().err
    assert printed.count("\r") >= 2
    assert_harmless(printed.replace("\r", ""))
    assert "\\u000dx" in printed


def test_an_unexpected_error_is_harmless_too(home: Path) -> None:
    code = (
        "import runpy, sys\nfrom lib.commands import runs\ndef fail(given):\n    raise ValueError('bad \\x1b]0;t\\x07')\n"
        "runs.run = fail\nsys.argv = ['lib', 'runs']\nrunpy.run_module('lib', run_name='__main__')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env=os.environ | {"CLOSER_HOME": str(home)}, check=False
    )
    assert ended.returncode == 1
    assert b"ValueError: bad \\u001b]0;t" in ended.stderr
    assert b"\x1b" not in ended.stderr
