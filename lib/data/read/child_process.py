"""Read files in a child process with limits on memory and time.

So a bad file cannot take the server down.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.data.read.options import ReadOptions
from lib.data.read.tables import read_table
from lib.data.table import ReadReport, Table
from lib.errors import InputError
from lib.format import format_bytes
from lib.memory import limit_memory
from lib.process import ChildDiedError, answer_call, call_module
from lib.settings import PARSE_MEMORY_BYTES, PARSE_SECONDS

MEMORY_CODES = (-9, 137)
"""The kernel ends a process for want of memory by SIGKILL, which shells and containers write as 128 + 9."""
MEMORY_WORDS = ("MemoryError", "bad_alloc", "Cannot allocate memory", "realloc of size", "malloc of size")
"""What Python, C++ and Arrow print where the limit on memory ended an allocation."""
MAX_LOG_LINES = 50


def read_in_child_process(
    source: Path | Sequence[Path], *, options: ReadOptions = ReadOptions(), names: Sequence[str] = ()
) -> Table:
    """Read as `read_table` does, in a child process. Raises its InputError, or one that says why it ended."""
    try:
        return _call([source] if isinstance(source, Path) else list(source), options, names)
    except OSError as error:
        raise _no_room_error(error) from error


def _no_room_error(error: OSError) -> InputError:
    """Make the error for a temporary folder that cannot take the table: full, or not writable."""
    return InputError(
        f"There is no room to read the file into ({error.strerror or error}).",
        where=tempfile.gettempdir(),
        todo="Free some disk space, then read the file again.",
    )


def _call(files: Sequence[Path], options: ReadOptions, names: Sequence[str]) -> Table:
    """Run `python -m lib.data.read.child_process` in a temporary folder and load the table it wrote."""
    with tempfile.TemporaryDirectory(prefix="closer-read-") as name:
        paths = [str(file) for file in files]
        request = {"files": paths, "names": list(names), "options": asdict(options), "folder": name}
        call_reader("lib.data.read.child_process", request, folder=Path(name))
        return _load_table(Path(name))


def call_reader(module: str, request: dict[str, Any], *, folder: Path) -> None:
    """Run a module that reads a file within the limits. folder: temporary.

    Raises the InputError that it raised, or one that says why it ended.
    """
    log = folder / "log.txt"
    try:
        call_module(module, request, folder=folder, seconds=PARSE_SECONDS, log=log)
    except TimeoutError as error:
        raise InputError(
            f"Reading took longer than {PARSE_SECONDS // 60} minutes and was stopped.", todo="Take a part of the file."
        ) from error
    except ChildDiedError as error:
        raise _end_error(error.code, log) from error


def _end_error(code: int, log: Path) -> InputError:
    """Make the error for a child process that ended without an answer. log: what it printed."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    is_limit = code in MEMORY_CODES or (code == 1 and not last)  # lib.process ends it so where there is no rlimit
    if is_limit or any(word in line for line in lines[-MAX_LOG_LINES:] for word in MEMORY_WORDS):
        return InputError(
            f"The file could not be read within {format_bytes(PARSE_MEMORY_BYTES)} of memory.",
            todo="Take a part of the file, or save it as CSV or Parquet.",
        )
    why = f"signal {-code}" if code < 0 else last[:200] or f"code {code}"
    return InputError(
        f"The file is damaged, or holds what its reader does not know ({why}).",
        todo="Open it in the program that wrote it, save it as CSV or Parquet, and upload that.",
    )


def _load_table(folder: Path) -> Table:
    """Load the table that the child process wrote into the folder."""
    report = ReadReport.from_json(json.loads((folder / "report.json").read_text(encoding="utf-8")))
    return Table(pd.read_parquet(folder / "frame.parquet"), np.load(folder / "lines.npy"), report)


def _read_request(request: dict[str, Any]) -> None:
    """Read the files of the request and save the table in its folder. Raises InputError."""
    limit_memory(PARSE_MEMORY_BYTES)
    options = ReadOptions(**request["options"])
    files = [Path(file) for file in request["files"]]
    save_table(read_table(files, options=options, names=request["names"]), Path(request["folder"]))


def save_table(table: Table, folder: Path) -> None:
    """Write the table into the folder, its report last. Raises InputError when there is no room."""
    try:
        table.frame.to_parquet(folder / "frame.parquet", index=False)
        np.save(folder / "lines.npy", table.lines)
        (folder / "report.json").write_text(json.dumps(table.report.to_json()), encoding="utf-8")
    except OSError as error:
        (folder / "frame.parquet").unlink(missing_ok=True)  # so that there is room to say what happened
        raise _no_room_error(error) from error


if __name__ == "__main__":
    raise SystemExit(answer_call(_read_request))
