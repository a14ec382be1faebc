"""The helper process: `python -m lib.models.inference.server` reads requests from stdin and answers on stdout until it is idle."""

from __future__ import annotations

import json
import os
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any

from lib.errors import CloserError, ModelError
from lib.process import LineReader, ignore_interrupts

IDLE_SECONDS = 600.0


def answer(line: bytes) -> dict[str, Any]:
    """Run one request and return its value, or the error as the user should read it."""
    try:
        request = json.loads(line)
        module, function = request["function"].split(":")
        if not module.startswith("lib."):
            raise CloserError(f"{module} is none of ours.")
        return {"value": getattr(import_module(module), function)(**request["arguments"])}
    except CloserError as error:
        return {"error": error.to_json()}
    except Exception as error:  # noqa: BLE001  whatever a handler met: the helper goes on
        traceback.print_exc()  # to the log file: stderr is not the server's
        what = f"The model could not answer ({type(error).__name__})."
        return {"error": ModelError(what, todo="logs/live.log has the details.").to_json()}


def main() -> int:
    """Answer until the server goes away or nothing was asked for ten minutes."""
    ignore_interrupts()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not stand between the answers
    requests = LineReader(os.fdopen(os.dup(0), "rb"))
    with suppress(TimeoutError, EOFError):
        while True:
            line = requests.next_line(IDLE_SECONDS)
            answers.write(json.dumps(answer(line)).encode() + b"\n")
            answers.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
