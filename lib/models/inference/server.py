"""The helper process: `python -m lib.models.inference.server` reads requests from stdin and answers on stdout until it is idle."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from importlib import import_module
from typing import Any

from lib.errors import CloserError

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
        return {"error": error.what, "where": error.where, "todo": error.todo}
    except (ValueError, TypeError, KeyError, AttributeError, ImportError, OSError, RuntimeError, MemoryError) as error:
        traceback.print_exc()  # to the log file: stderr is not the server's
        return {
            "error": f"The model could not answer ({type(error).__name__}).",
            "todo": "logs/live.log has the details.",
        }


def main() -> int:
    """Answer until the server goes away or nothing was asked for ten minutes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not stand between the answers
    while select.select([sys.stdin.fileno()], [], [], IDLE_SECONDS)[0]:
        line = sys.stdin.buffer.readline()
        if not line:
            break
        answers.write(json.dumps(answer(line)).encode() + b"\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
