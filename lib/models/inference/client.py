"""Ask models questions from the server, which itself never imports torch: a helper process answers and ends when it is idle.

Requests and answers are JSON, one a line. `call("module:function", ...)` runs any function of lib in the helper; what is
named there comes from our own pages, never from a person.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lib.errors import CloserError, ModelError
from lib.settings import ROOT

ANSWER_SECONDS = 120.0
"""Loading torch, the encoder and a model takes seconds; a large one on a slow disk may take a minute."""


class LiveWorker:
    """The helper process of one server, started on first use and again after it has ended."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._rest = b""

    @property
    def lives(self) -> bool:
        """Say whether the helper is there; the first call after it ended waits for its start."""
        return self._process is not None and self._process.poll() is None

    def call(self, function: str, *, seconds: float = ANSWER_SECONDS, **arguments: Any) -> Any:
        """Run `module:function` in the helper with JSON-able arguments and return what it gave.

        Raises ModelError when the helper died or took too long, and the errors that the function meant for the user.
        """
        request = json.dumps({"function": function, "arguments": arguments}).encode() + b"\n"
        with self._lock:
            process = self._running()
            try:
                assert process.stdin is not None
                process.stdin.write(request)
                process.stdin.flush()
                answer = json.loads(self._line(process, time.monotonic() + seconds))
            except (BrokenPipeError, ValueError, TimeoutError) as error:
                self._end()
                raise ModelError(
                    "The model did not answer.", todo="Try again; if it stays so, the memory may be too small for it."
                ) from error
        if "error" in answer:
            raise CloserError(answer["error"], where=answer.get("where", ""), todo=answer.get("todo", ""))
        return answer["value"]

    def stop(self) -> None:
        """End the helper."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._rest = b""
            log = self._home / "logs" / "live.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "lib.models.inference.server"],
                    cwd=ROOT,
                    env=os.environ | {"CLOSER_HOME": str(self._home), "TOKENIZERS_PARALLELISM": "false"},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    start_new_session=True,
                )
        return self._process

    def _line(self, process: subprocess.Popen[bytes], until: float) -> bytes:
        assert process.stdout is not None
        while b"\n" not in self._rest:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise TimeoutError
            block = os.read(process.stdout.fileno(), 1 << 16)
            if not block:
                raise BrokenPipeError
            self._rest += block
        line, self._rest = self._rest.split(b"\n", 1)
        return line

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None
