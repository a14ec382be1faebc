"""Client of the inference process: the server itself never imports torch.

The process ends when it is idle.

Requests and answers are JSON, one a line; the helper's module lists what can be asked.
"""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from lib.errors import CloserError, ModelError, error_from_json
from lib.process import LineReader, kill_tree, start_module
from lib.store.layout import WorkspacePaths

ANSWER_SECONDS = 120.0
"""Loading torch, the encoder and a model takes seconds; a large one on a slow disk may take a minute."""

PREPARE_DELAY = 1.5
"""Seconds before a preparation begins: importing torch takes a core, which the page that is being drawn needs first."""

PREPARE_SECONDS = 1800.0
"""Embedding hundreds of thousands of targets for the first time takes minutes."""


class InferenceClient:
    """The helper process of one server, started on first use and again after it has ended."""

    def __init__(self, home: Path, *, server: str) -> None:
        """server: the module that serves, started as `python -m`."""
        self._home, self._server = home, server
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: LineReader | None = None
        self._lock = threading.Lock()
        self._prepared: set[str] = set()
        self.prepares = False

    @property
    def lives(self) -> bool:
        """Whether the helper is there; the first call after it ended waits for its start."""
        return self._process is not None and self._process.poll() is None

    def call(self, handler: str, *, seconds: float = ANSWER_SECONDS, **arguments: Any) -> Any:
        """Ask one of the server's handlers, with JSON-able arguments, for its answer.

        Raises ModelError when the helper died or took too long, and the CloserError that the handler raised.
        """
        request = json.dumps({"handler": handler, "arguments": arguments}).encode() + b"\n"
        with self._lock:
            try:
                answer = json.loads(self._ask(request, seconds))
            except (OSError, EOFError, ValueError) as error:  # TimeoutError is an OSError
                self._end()
                raise ModelError(
                    "The model did not answer.", todo="Try again; if it stays so, the memory may be too small for it."
                ) from error
        if "error" in answer:
            raise error_from_json(answer["error"])
        return answer["value"]

    def prepare(self, name: str, handler: str, **arguments: Any) -> None:
        """Ask a handler in the background, once for each name while the helper lives.

        Does nothing before `prepares` is set: by a server that stays, not by a test of a page.
        """
        if self._process is not None and not self.lives:
            self._prepared.clear()
        if not self.prepares or name in self._prepared:
            return
        self._prepared.add(name)

        def ask() -> None:
            with suppress(CloserError):  # the next question meets the same error and shows it
                self.call(handler, seconds=PREPARE_SECONDS, **arguments)

        timer = threading.Timer(PREPARE_DELAY, ask)
        timer.daemon = True
        timer.start()

    def stop(self) -> None:
        """End the helper."""
        with self._lock:
            self._end()

    def _ask(self, request: bytes, seconds: float) -> bytes:
        """Send a line and wait for one, from a helper that is started where none lives."""
        process, answers = self._running()
        assert process.stdin is not None
        process.stdin.write(request)
        process.stdin.flush()
        return answers.next_line(seconds)

    def _running(self) -> tuple[subprocess.Popen[bytes], LineReader]:
        if self._process is None or self._answers is None or not self.lives:
            self._end()
            environment = {"CLOSER_HOME": str(self._home)}
            log = WorkspacePaths(self._home).log("live")
            self._process = start_module(self._server, env=environment, log=log, pipes=True)
            assert self._process.stdout is not None
            self._answers = LineReader(self._process.stdout)
        return self._process, self._answers

    def _end(self) -> None:
        if self._process is not None:
            kill_tree(self._process.pid)
            self._process.wait()
            if self._process.stdin is not None:
                with suppress(OSError):  # what was not sent any more
                    self._process.stdin.close()
        self._process = self._answers = None
