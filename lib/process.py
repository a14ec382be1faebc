"""Start Python modules as processes, and the rest of what differs between operating systems.

With lib/memory.py the only module that calls for signals, process trees or files of the kernel; every other one is portable.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

import psutil

from lib.errors import CloserError, error_from_json
from lib.settings import ROOT

WATCH_SECONDS = 0.2
"""Seconds between two checks whether a process ended, or is to be stopped."""

SAME_START_SECONDS = 0.5
"""Two start times nearer than this are those of one process: the kernel counts in hundredths."""

PRIVATE_MASK = 0o077
"""The rights of group and others, in which a new file is not to have any: folders become 0700, files 0600."""

NO_LOGIN = ("nologin", "false", "sync", "shutdown", "halt", "")
"""Programs that stand as shell in the lists of accounts that nobody logs in to."""


_SECRET_NAME = re.compile(
    r"(?:^|_)(?:TOKENS?|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY)(?:_|$)"
)
_PASSWORD_IN_ADDRESS = re.compile(r"://[^/@\s]*:[^/@\s]+@")


IDLE_THREADS = {"OMP_WAIT_POLICY": "PASSIVE"}
"""OpenMP's threads sleep while they wait instead of spinning (OpenMP 5.2, section 21.7).

On two cores with other work beside it a training took a third of the time with it (58 and 67 s against 199 and 180 s, in turns).
Has to be set before torch is imported.
"""


class ChildDiedError(Exception):
    """A module that was called ended without an answer: killed, or by a bug. code: a signal is negative."""

    def __init__(self, code: int) -> None:
        super().__init__(f"The process ended with code {code}.")
        self.code = code


def start_module(
    module: str,
    *arguments: str,
    env: dict[str, str] | None = None,
    log: Path | None = None,
    pipes: bool = False,
    secrets: bool = False,
) -> subprocess.Popen[bytes]:
    """Start `python -m module` detached.

    It outlives the page, the server and a Ctrl-C in the server's terminal.

    secrets: hand on tokens and passwords of the environment; only a process that downloads needs them.

    log: gets what it prints, instead of nothing. pipes: connect stdin and stdout to the caller; the log gets stderr only.
    A thread waits for its end, so that no zombie stays when the caller never asks.
    """
    process = _popen(module, arguments, env=env, log=log, pipes=pipes, secrets=secrets)
    threading.Thread(target=process.wait, name=f"reaper-{process.pid}", daemon=True).start()
    return process


def call_module(
    module: str,
    request: Any,
    *,
    folder: Path,
    seconds: float | None = None,
    check: Callable[[], None] = lambda: None,
    log: Path | None = None,
    secrets: bool = False,
) -> Any:
    """Run `python -m module`, whose main is `answer_call`, to its end.

    Returns its answer to the JSON-able request.

    folder: an empty one for request and answer. check: called several times a second; what it raises ends the process.
    secrets: as for `start_module`.
    Raises the CloserError that the module raised, as it was; ChildDiedError without an answer; TimeoutError after `seconds`.
    """
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    until = None if seconds is None else time.monotonic() + seconds
    process = _popen(module, (str(folder),), log=log, secrets=secrets)
    try:
        while not _has_ended(process):
            check()
            if until is not None and time.monotonic() > until:
                raise TimeoutError(f"{module} took longer than {seconds:.0f} s.")
    finally:
        if process.returncode is None:
            kill_tree(process.pid)
            process.wait()
    return _answer(folder, process.returncode)


def run_module(
    module: str, *arguments: str, env: dict[str, str], log: Path | None = None, check: Callable[[], None]
) -> int:
    """Run `python -m module` to its end and give its exit code: a signal is negative.

    check: called several times a second; what it raises ends the process. Processes below it that called `end_with_starter` end
    as soon as this one does, whatever ended it.
    """
    process = _popen(module, arguments, env=env, log=log, holds_stdin=True)
    try:
        while not _has_ended(process):
            check()
    finally:
        if process.returncode is None:
            kill_tree(process.pid)
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
    return int(process.returncode)


def end_with_starter() -> None:
    """End this process when the one that started it by `run_module` is gone: its standard input closes."""

    def watch() -> None:
        with suppress(OSError):
            while os.read(sys.stdin.fileno(), 1):
                pass
        os._exit(1)

    threading.Thread(target=watch, name="starter-watch", daemon=True).start()


def loopback_interface() -> str:
    """Find the name of the network interface that does not leave this machine; empty where there is none."""
    for name, addresses in psutil.net_if_addrs().items():
        if any(address.address == "127.0.0.1" for address in addresses):
            return str(name)
    return ""


def answer_call(function: Callable[[Any], Any]) -> int:
    """Main of a module for `call_module`: answer with the function's JSON-able value or its CloserError."""
    folder = Path(sys.argv[1])
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    try:
        answer = {"value": function(request)}
    except CloserError as error:
        answer = {"error": error.to_json()}
    (folder / "answer.json").write_text(json.dumps(answer), encoding="utf-8")
    return 0


def _answer(folder: Path, code: int) -> Any:
    path = folder / "answer.json"
    if code or not path.exists():
        raise ChildDiedError(code)
    answer = json.loads(path.read_text(encoding="utf-8"))
    if "error" in answer:
        raise error_from_json(answer["error"])
    return answer["value"]


def _popen(
    module: str,
    arguments: tuple[str, ...],
    *,
    env: dict[str, str] | None = None,
    log: Path | None = None,
    pipes: bool = False,
    secrets: bool = False,
    holds_stdin: bool = False,
) -> subprocess.Popen[bytes]:
    with ExitStack() as stack:
        output: IO[bytes] | int = subprocess.DEVNULL
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):  # a log that cannot be written: the work itself goes on
                output = stack.enter_context(os.fdopen(open_to_append(log), "ab"))
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=child_environment(secrets=secrets) | (env or {}),
            stdin=subprocess.PIPE if pipes or holds_stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipes else output,
            stderr=output,
            umask=PRIVATE_MASK,
            **_detach_options(),
        )


def open_to_append(path: Path) -> int:
    """Open a file for appending, made where there is none, and give its descriptor.

    Raises OSError where a link, a pipe or a device stands in its place: in a folder of somebody else it may lead anywhere.
    """
    follows_no_link = getattr(os, "O_NOFOLLOW", 0)
    if not follows_no_link and path.is_symlink():
        raise OSError(errno.ELOOP, "It is a link", str(path))
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags | follows_no_link, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "It is no regular file", str(path))
    return handle


def let_threads_sleep() -> None:
    """Set in this process what started ones get by `IDLE_THREADS`, unless the person chose otherwise."""
    for name, value in IDLE_THREADS.items():
        os.environ.setdefault(name, value)


def helper_variables() -> dict[str, str]:
    """Build what every started process has in its environment, here or on a node of a cluster."""
    return IDLE_THREADS | {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}


def child_environment(*, secrets: bool = False) -> dict[str, str]:
    """Build the environment of a started process, without tokens and passwords unless it downloads.

    Neither does the Hub's library read the token that `hf auth login` keeps in a file.
    """
    shared = IDLE_THREADS | dict(os.environ) | {"TOKENIZERS_PARALLELISM": "false"}
    if secrets:
        return shared
    plain = {name: value for name, value in shared.items() if not is_secret(name, value)}
    return plain | {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}


def is_secret(name: str, value: str) -> bool:
    """Whether an environment variable holds a secret, by its name, or by a password in an address."""
    return bool(_SECRET_NAME.search(name.upper()) or _PASSWORD_IN_ADDRESS.search(value))


def _detach_options() -> dict[str, Any]:
    """Options of Popen that take a process out of its parent's session, or of its console."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=WATCH_SECONDS)
    return process.returncode is not None


def kill_tree(pid: int) -> None:
    """Kill a process and all that it has started; one that is gone already is fine."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):
                one.kill()


def start_time(pid: int) -> float | None:
    """Compute the seconds from the machine's start to the process's; None without such a process.

    With the pid, they identify a process.

    Not the time of day, which somebody may set while the process runs.
    """
    try:
        return psutil.Process(pid).create_time() - psutil.boot_time()
    except (psutil.Error, ValueError):  # a number below zero, which a damaged note may hold
        return None


def is_same_process(pid: int, started: float) -> bool:
    """Whether the process that had this pid and start time is still there: a pid alone is given out again."""
    present = start_time(pid)
    return present is not None and abs(present - started) < SAME_START_SECONDS


def parent_process() -> int:
    """Identify the process that started this one."""
    return os.getppid()


def is_child_of(pid: int) -> bool:
    """Whether the process that started this one still lives.

    True where a system gives a child whose parent has ended no other one.
    """
    return os.getppid() == pid


def has_other_accounts() -> bool:
    """Whether other people could log in on this machine; True where that is not known.

    Counts accounts with a login shell but root, from whom nothing is hidden.
    """
    try:
        import pwd
    except ImportError:
        return True
    own = os.geteuid()
    others = (one for one in pwd.getpwall() if one.pw_uid not in (0, own))
    return any(Path(one.pw_shell).name not in NO_LOGIN for one in others)


def keep_new_files_private() -> None:
    """Let only the owner read what this process writes from now on, whatever the mask it was started with."""
    os.umask(PRIVATE_MASK)


def is_open_to_others(path: Path) -> bool:
    """Whether other accounts may read or enter a file or folder of this account.

    False where modes say nothing.
    """
    if not hasattr(os, "geteuid"):  # Windows: every mode is 777, and rights come from the folder above
        return False
    about = path.lstat()
    return about.st_uid == os.geteuid() and not stat.S_ISLNK(about.st_mode) and bool(about.st_mode & PRIVATE_MASK)


def make_private(path: Path) -> None:
    """Take every right of other accounts on a file or folder away."""
    path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~PRIVATE_MASK)


def ignore_interrupts() -> None:
    """Let a Ctrl-C in the terminal pass by this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class LineReader:
    """The lines of a pipe, each awaited for a limited time.

    A thread reads: `select` takes no pipes on Windows.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._read, args=(stream,), name="line-reader", daemon=True).start()

    def next_line(self, seconds: float) -> bytes:
        """Wait for the next line. Raises TimeoutError, and EOFError when the other end is closed."""
        try:
            line = self._lines.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise TimeoutError(f"No line came within {seconds:.0f} s.") from None
        if line is None:
            self._lines.put(None)
            raise EOFError("The other end of the pipe is closed.")
        return line

    def _read(self, stream: IO[bytes]) -> None:
        """Read without the stream's own buffer, whose lock a thread that waits would hold when Python ends."""
        rest = b""
        with suppress(OSError, ValueError), stream:
            while block := os.read(stream.fileno(), 1 << 16):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    self._lines.put(line)
        self._lines.put(None)
