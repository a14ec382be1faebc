"""Closer runs where POSIX is missing: every module imports, a server starts, its worker trains."""

from __future__ import annotations

import ast
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from lib.jobs.locks import kill_worker
from lib.process import kill_tree
from lib.settings import ROOT
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run

WITHOUT_POSIX = Path(__file__).with_name("no_posix")
PATIENCE = 120.0
PLACES = {"lib/process.py", "lib/memory.py"}
MODULES = {"resource", "fcntl", "ctypes", "select", "signal", "pwd", "grp", "termios"}
CALLS = {"fork", "killpg", "getpgid", "getpgrp", "setsid", "execv", "geteuid", "getuid", "sched_getaffinity"}


def environment(home: Path) -> dict[str, str]:
    """Build the environment in which every process has no POSIX."""
    added = {"PYTHONPATH": str(WITHOUT_POSIX), "CLOSER_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    return os.environ | added


def run(home: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def platform_names(path: Path) -> Iterator[str]:
    """Yield what of the platform a module imports, calls or reads."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in MODULES:
            yield node.module
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os" and node.attr in CALLS:
            yield f"os.{node.attr}"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/proc/"):
            yield node.value


def test_two_modules_know_the_platform() -> None:
    files = [path for path in (ROOT / "lib").rglob("*.py") if path.relative_to(ROOT).as_posix() not in PLACES]
    files += [*(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    found = {str(path.relative_to(ROOT)): names for path in files if (names := list(platform_names(path)))}
    assert found == {}


PROBES = ("import resource", "os.killpg", "signal.SIGKILL", "Path('/proc/vmstat').read_text()")
TAKEN_AWAY = f"""
import signal, subprocess, sys
import psutil
from lib import memory, process

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
psutil.Process(child.pid).kill()  # a package of others has all that it needs
assert child.wait() == -signal.SIGKILL
for probe in {PROBES!r}:
    code = compile("import os, signal\\nfrom pathlib import Path\\n" + probe, process.__file__, "exec")
    try:
        exec(code)
    except (ImportError, AttributeError, OSError):
        continue
    raise SystemExit(probe)
assert memory.out_of_memory_kills() is None
assert not memory.keep_freed_memory()
assert memory.peak_process_memory() > 1_000_000
"""


def test_what_is_taken_away_is_missing_for_us_and_for_nobody_else(home: Path) -> None:
    """Else the other tests here would show nothing."""
    done = run(home, TAKEN_AWAY)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_is_imported(home: Path) -> None:
    files = [*(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py"), ROOT / "app.py"]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]
    names = [name for name in names if not name.endswith("__main__")]
    done = run(home, f"import importlib\nfor name in {sorted(names)!r}: importlib.import_module(name)")
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_file_is_read_in_a_process_of_its_own(home: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("question,answer\nwhere,here\n")
    code = f"""
from pathlib import Path
from lib.data.read.child_process import read_in_child_process
print(len(read_in_child_process(Path({str(tmp_path / "x.csv")!r})).frame))
"""
    done = run(home, code)
    assert done.stdout.strip() == "1", done.stderr[-3000:]


@pytest.fixture
def server(home: Path, tmp_path: Path) -> Iterator[int]:
    """Start the app's server as the README says, and provide its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["--server.headless=true", f"--server.port={port}"]
    with (tmp_path / "server.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=ROOT,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    yield port
    kill_tree(process.pid)
    process.wait()
    kill_worker(home)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_a_server_starts_and_its_worker_trains_to_the_end(
    home: Path, tmp_path: Path, tiny_model: Path, server: int
) -> None:
    until = time.monotonic() + PATIENCE
    while not answers(f"http://127.0.0.1:{server}/health"):
        assert time.monotonic() < until, (tmp_path / "server.txt").read_text()[-3000:]
        time.sleep(0.1)
    workspace = open_workspace(home)
    run_id = add_run(workspace, add_dataset(workspace), tiny_model, epochs=1).id
    until = time.monotonic() + PATIENCE
    while workspace.jobs.all(states=("queued", "running")):
        assert time.monotonic() < until, workspace.runs.get(run_id).paths.log.read_text()[-3000:]
        time.sleep(0.1)
    ended = {job.kind: (job.state, job.reason) for job in workspace.jobs.all(run=run_id)}
    assert set(ended.values()) == {("succeeded", "")}, ended
    assert set(ended) == {"train", "evaluate", "project"}
