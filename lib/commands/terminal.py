"""Protect the terminal from the texts that commands print: names, cells and errors come from files."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOWrapper
from types import TracebackType
from typing import Any, TextIO, cast

from lib.escapes import escape_controls


class SafeStream:
    """A text stream that writes control characters as escapes; all else is the stream's own.

    A carriage return at either end of one write passes: progress bars begin or end with it, and it hides nothing there.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, escaped."""
        body = text.strip("\r")
        start = len(text) - len(text.lstrip("\r"))
        end = len(text) - start - len(body)
        self._stream.write("\r" * start + escape_controls(body, newlines=False) + "\r" * end)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each line, escaped."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def protect_terminal() -> Iterator[None]:
    """Escape what this process prints during the block, also what libraries print."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an arrow in cp1252 is escaped, it does not fail
            stream.reconfigure(errors="backslashreplace")
    output, errors = (cast(TextIO, SafeStream(stream)) for stream in (sys.stdout, sys.stderr))
    with redirect_stdout(output), redirect_stderr(errors):
        yield


def print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Print an unexpected error as Python does, escaped: `sys.excepthook` of the commands."""
    lines = "".join(traceback.format_exception(kind, error, trace))
    sys.stderr.write(escape_controls(lines, newlines=False))
