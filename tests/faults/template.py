"""Fork one worker a request, with what workers import already imported.

`python -m tests.faults.template SOCKET`.

A forked worker is a process of its own, in a session of its own, and is killed, stopped and waited for like any other;
it only skips the seconds that importing torch takes, which no fault test is about. Each request and answer is a line of JSON.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

START_SECONDS = 400
"""How long the imports may take: on a machine that has compiled nothing yet, and does other work, minutes."""

IMPORTED = (
    "lib.training.run",
    "lib.evaluation.run",
    "lib.projection.run",
    "lib.projection.baselines",
    "lib.jobs.worker",
)


class ForkedProcess:
    """A forked process, as far as tests use subprocess.Popen: pid, poll, wait, returncode, send_signal."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._answers = connection, connection.makefile("r", encoding="utf-8")
        self.pid = int(json.loads(self._answers.readline())["pid"])
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Look whether it has ended."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._read()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"forked process {self.pid}", timeout or 0.0)
            self._read()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal while it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _read(self) -> None:
        self.returncode = int(json.loads(self._answers.readline())["code"])
        self._connection.close()


class Template:
    """Starts the template process on first use, and asks it for workers."""

    def __init__(self, folder: Path, *, environment: dict[str, str], root: Path) -> None:
        self._address = folder / "template.socket"
        with (folder / "template.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.template", str(self._address)],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._address.exists():
            assert self._process.poll() is None, (folder / "template.log").read_text()
            assert time.monotonic() < deadline, "the template does not answer"
            time.sleep(0.05)

    def start(self, *command: str, environment: dict[str, str], log: Path) -> ForkedProcess:
        """Fork a process that runs a module with arguments; its output goes to the end of the log."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(os.fspath(self._address))
        request = {"command": command, "environment": environment, "log": os.fspath(log)}
        connection.sendall(json.dumps(request).encode() + b"\n")
        return ForkedProcess(connection)

    def stop(self) -> None:
        """End the template; what it forked is not touched."""
        self._process.kill()
        self._process.wait()


def serve(address: str) -> NoReturn:
    """Answer requests, one after the other; a process for each watches how its worker ends."""
    for name in IMPORTED:
        import_module(name)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}.new")
    listener.listen()
    os.rename(f"{address}.new", address)  # it is there once it answers
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # watchers are reaped by the system
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            watch(connection)
        connection.close()


def watch(connection: socket.socket) -> NoReturn:
    """Fork the worker, send its pid, wait for its end, send its exit code.

    As subprocess does: minus the signal that ended it.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request = json.loads(connection.makefile("r", encoding="utf-8").readline())
    pid = os.fork()
    if pid == 0:
        connection.close()
        work(request)
    connection.sendall(json.dumps({"pid": pid}).encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    connection.sendall(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode() + b"\n")
    os._exit(0)


def work(request: dict[str, Any]) -> NoReturn:
    """Run the module as __main__ in a session of its own, with the environment and log of the request."""
    os.setsid()
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(request["environment"])
    module, *sys.argv[1:] = request["command"]
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001 - a worker's traceback goes to its log, as the interpreter would write it
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
