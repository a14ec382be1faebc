"""Serve answers about models: requests on stdin, answers on stdout, one JSON line each."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from lib.errors import CloserError, InputError, ModelError, is_panic, unreadable_text
from lib.process import LineReader, ignore_interrupts

IDLE_SECONDS = 600.0

Handlers = Mapping[str, Callable[..., Any]]
"""What can be asked, by name: functions of JSON-able keyword arguments with a JSON-able result."""


def serve(handlers: Handlers) -> int:
    """Answer until the other end goes away or nothing was asked for ten minutes."""
    ignore_interrupts()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not stand between the answers
    requests = LineReader(os.fdopen(os.dup(0), "rb"))
    with suppress(TimeoutError, EOFError):
        while True:
            line = requests.next_line(IDLE_SECONDS)
            answers.write(json.dumps(handle_request(handlers, line)).encode() + b"\n")
            answers.flush()
    return 0


def handle_request(handlers: Handlers, line: bytes) -> dict[str, Any]:
    """Run one request: its value, or the error for the user."""
    try:
        request = json.loads(line)
        handler = handlers.get(request["handler"])
        if handler is None:
            raise InputError(f"{request['handler']} cannot be asked.")
        return {"value": handler(**request["arguments"])}
    except CloserError as error:
        return {"error": error.to_json()}
    except Exception as error:  # noqa: BLE001  whatever a handler met: the helper goes on
        traceback.print_exc()  # to the log file: stderr is not the caller's
        what = f"The model could not answer ({type(error).__name__})."
        return {"error": ModelError(what, todo="logs/live.log has the details.").to_json()}
    except BaseException as error:  # a panic of a library in Rust is no Exception; anything else goes on
        if not is_panic(error):
            raise
        return {"error": unreadable_text(error).to_json()}
