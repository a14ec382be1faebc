"""The other end of a call in tests: `python -m tests.unit.answers FOLDER` does what the request says."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from lib.errors import error_from_json
from lib.process import answer_call


def act(request: dict[str, Any]) -> Any:
    """Echo, raise, die, fail or sleep."""
    if note := request.get("note"):
        Path(note).write_text(str(os.getpid()))
    if request["act"] == "raise":
        raise error_from_json(request["error"])
    if request["act"] == "die":
        os.abort()
    if request["act"] == "sleep":
        time.sleep(60)
    return request["value"]


if __name__ == "__main__":
    raise SystemExit(answer_call(act))
