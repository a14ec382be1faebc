"""The lock says who lives; the worker's note says who may be killed, and whether memory ran out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib import memory as system
from lib.jobs.locks import kill_worker, memory_ran_out, note_worker
from lib.memory import out_of_memory_kills
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run

ROOT = Path(__file__).resolve().parents[3]
HOLD = """
import sys, time
from pathlib import Path
from lib.jobs.locks import note_worker, worker_lock
with worker_lock(Path(sys.argv[1])):
    note_worker(Path(sys.argv[1]))
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("leads", [True, False])
def test_a_worker_is_killed_and_its_caller_is_not(home: Path, leads: bool) -> None:
    """A command's process group is the caller's script: only the command itself may be killed."""
    open_workspace(home)
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], cwd=ROOT, stdout=subprocess.PIPE, start_new_session=leads
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"held"
    assert kill_worker(home)  # this very test is in the group of the one that does not lead
    assert process.wait(timeout=10) != 0
    assert not kill_worker(home)


def test_kills_for_want_of_memory_are_counted(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_workspace(home)
    (home / "locks").mkdir(exist_ok=True)
    counted = tmp_path / "vmstat"
    counted.write_text("pgfault 12\noom_kill 3\n")
    monkeypatch.setattr(system, "VMSTAT", counted)
    assert not memory_ran_out(home)  # no worker has begun yet
    note_worker(home)
    assert json.loads((home / "locks" / "worker.json").read_text())["pid"] == os.getpid()
    assert not memory_ran_out(home)
    counted.write_text("oom_kill 4\n")
    assert memory_ran_out(home)
    counted.unlink()
    assert out_of_memory_kills() is None
    assert not memory_ran_out(home)


def test_a_worker_killed_for_memory_is_not_tried_again(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lib.jobs.worker import release_dead

    workspace = open_workspace(home)
    (home / "locks").mkdir(exist_ok=True)
    counted = tmp_path / "vmstat"
    counted.write_text("oom_kill 0\n")
    monkeypatch.setattr(system, "VMSTAT", counted)
    run = add_run(workspace, add_dataset(workspace), "a/b")
    for kills, state in ((0, "queued"), (1, "failed")):
        counted.write_text("oom_kill 0\n")
        note_worker(home)
        assert workspace.jobs.claim(run.job) is not None
        counted.write_text(f"oom_kill {kills}\n")
        release_dead(workspace)
        assert workspace.runs.get(run.id).state == state
    assert "memory ran out" in workspace.runs.get(run.id).reason


@pytest.mark.parametrize(("pid", "state"), [(os.getpid(), "failed"), (1, "queued")], ids=["own", "another"])
def test_a_worker_that_ended_while_it_loaded_a_model_is_not_tried_again(home: Path, pid: int, state: str) -> None:
    """Its reason is the job's; one that another process left says nothing of this worker."""
    from lib.jobs.worker import release_dead

    workspace = open_workspace(home)
    run = add_run(workspace, add_dataset(workspace), "a/b")
    (home / "locks").mkdir(exist_ok=True)
    note_worker(home)
    started = json.loads((home / "locks" / "worker.json").read_text())["started"]
    note = {"pid": pid, "started": started, "reason": "It took more than 300 s."}
    (home / "locks" / "load-failure.json").write_text(json.dumps(note))
    assert workspace.jobs.claim(run.job) is not None
    release_dead(workspace)
    found = workspace.runs.get(run.id)
    assert found.state == state
    assert (found.reason == note["reason"]) is (state == "failed")


def test_loading_that_takes_too_long_ends_the_process_and_leaves_the_reason(home: Path, tiny_model: Path) -> None:
    """Limits hold native code too, which no exception reaches."""
    code = (
        "import sys, time; from lib import settings; from lib.models import loader\n"
        "settings.MODEL_LOAD_SECONDS = 0.1; loader.SLOWEST_DISK = 1e12\n"
        "loader.SentenceTransformer = lambda *_, **__: time.sleep(60)\n"
        "loader.load_model(sys.argv[1], device='cpu')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(tiny_model)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 1
    note = json.loads((home / "locks" / "load-failure.json").read_text())
    assert ended.stderr.strip().splitlines()[-1] == f"error: {note['reason']}"
