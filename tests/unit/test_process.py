"""Processes end with what they started, bring errors home and leave no zombie; memory is counted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from lib import process
from lib.errors import CancelledError, CloserError, DamagedError, ModelError, error_from_json
from lib.process import (
    ChildDiedError,
    LineReader,
    call_module,
    child_environment,
    is_same_process,
    kill_tree,
    let_threads_sleep,
    start_module,
    start_time,
)

ANSWERS = "tests.unit.answers"
PATIENCE = 30.0


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=process.ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


SECRETS = {
    "HF_TOKEN": "hf_1",
    "HUGGING_FACE_HUB_TOKEN": "hf_2",
    "AWS_SECRET_ACCESS_KEY": "a",
    "OPENAI_API_KEY": "b",
    "DB_PASSWORD": "c",
    "HTTPS_PROXY": "http://me:secret@proxy.example:3128",
}


@pytest.mark.parametrize("secrets", [False, True])
def test_secrets_reach_only_a_process_that_downloads(
    secrets: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    started = start_module("tests.unit.environment", log=tmp_path / "log", secrets=secrets)
    assert started.wait(60) == 0
    names = set((tmp_path / "log").read_text().split())
    assert names & SECRETS.keys() == (SECRETS.keys() if secrets else set())
    assert {"PATH", "TOKENIZERS_PARALLELISM"} <= names
    assert ("HF_HUB_DISABLE_IMPLICIT_TOKEN" in names) is not secrets


def test_a_call_gives_back_what_the_module_answered(tmp_path: Path) -> None:
    assert call_module(ANSWERS, {"act": "echo", "value": [1, "ä"]}, folder=tmp_path) == [1, "ä"]


@pytest.mark.parametrize("kind", [CloserError, ModelError, CancelledError])
def test_an_error_comes_home_whole(tmp_path: Path, kind: type[CloserError]) -> None:
    with pytest.raises(kind) as caught:
        call_module(
            ANSWERS, {"act": "raise", "error": kind("What.", where="Where", todo="Do.").to_json()}, folder=tmp_path
        )
    assert type(caught.value) is kind
    assert (caught.value.what, caught.value.where, caught.value.todo) == ("What.", "Where", "Do.")


def test_errors_are_made_again_from_what_was_written() -> None:
    error = error_from_json(DamagedError("Torn.", where="closer.db", has_backup=True).to_json())
    assert isinstance(error, DamagedError)
    assert (error.what, error.has_backup) == ("Torn.", True)
    assert type(error_from_json({"class": "Any", "what": "Unknown."})) is CloserError


def test_a_module_that_dies_or_takes_too_long_is_said(tmp_path: Path) -> None:
    for act, error in (("die", ChildDiedError), ("bug", ChildDiedError), ("sleep", TimeoutError)):
        folder = tmp_path / act
        folder.mkdir()
        with pytest.raises(error):
            call_module(ANSWERS, {"act": act}, folder=folder, seconds=3 if act == "sleep" else None)


def test_a_call_that_is_stopped_leaves_no_process(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    def check() -> None:
        if pid_file.exists() and pid_file.read_text():
            raise CancelledError("Enough.")

    with pytest.raises(CancelledError):
        call_module(ANSWERS, {"act": "sleep", "note": str(pid_file)}, folder=tmp_path, check=check)
    assert not psutil.pid_exists(int(pid_file.read_text()))


def test_a_detached_process_leads_its_own_session_and_is_reaped(tmp_path: Path) -> None:
    started = start_module("lib.settings", log=tmp_path / "logs" / "x.log")
    wait_for(lambda: not psutil.pid_exists(started.pid))  # a zombie would exist; nobody has asked for its end
    assert started.returncode == 0


def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
            " print(c.pid, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    kill_tree(parent.pid)
    assert parent.wait(timeout=PATIENCE) != 0
    wait_for(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)
    kill_tree(parent.pid)  # one that is gone is fine


def test_a_pid_is_the_same_process_only_with_its_start() -> None:
    started = start_time(os.getpid())
    assert started is not None
    assert is_same_process(os.getpid(), started)
    assert not is_same_process(os.getpid(), started - 5)
    parent = start_time(os.getppid())
    assert parent is None or parent <= started


def test_lines_are_waited_for_and_their_end_is_said() -> None:
    reading, writing = os.pipe()
    lines = LineReader(os.fdopen(reading, "rb"))
    with pytest.raises(TimeoutError):
        lines.next_line(0.01)
    os.write(writing, b"one\ntw")
    os.write(writing, b"o\nrest")
    assert [lines.next_line(PATIENCE), lines.next_line(PATIENCE)] == [b"one", b"two"]
    os.close(writing)
    for _ in range(2):
        with pytest.raises(EOFError):
            lines.next_line(PATIENCE)


@pytest.mark.parametrize(("chosen", "expected"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_a_started_process_sleeps_while_it_waits_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, expected: str
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    if chosen:
        monkeypatch.setenv("OMP_WAIT_POLICY", chosen)
    assert child_environment()["OMP_WAIT_POLICY"] == expected
    let_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == expected
