"""Reading in a process of its own: `python -m lib.data.read.child_process REQUEST.json FOLDER`, with limits on memory and time."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from lib.data.read.tables import ReadOptions, ReadReport, Table, read
from lib.errors import InputError
from lib.settings import PARSE_MEMORY_BYTES, PARSE_SECONDS, ROOT


def run_apart(files: Sequence[Path], options: ReadOptions) -> Table:
    """Return the table that the process read; its InputError becomes ours, its death one that says so."""
    try:
        return within(files, options)
    except OSError as error:
        raise no_room(error) from error


def no_room(error: OSError) -> InputError:
    """Return the error for a temporary folder that cannot take the table: full, or not writable."""
    return InputError(
        f"There is no room to read the file into ({error.strerror or error}).",
        where=tempfile.gettempdir(),
        todo="Free some space, then read it again.",
    )


def within(files: Sequence[Path], options: ReadOptions) -> Table:
    """Run the process in a temporary folder and return its table."""
    with tempfile.TemporaryDirectory(prefix="closer-read-") as name:
        folder = Path(name)
        request = folder / "request.json"
        request.write_text(
            json.dumps({"files": [str(file) for file in files], "options": asdict(options)}), encoding="utf-8"
        )
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "lib.data.read.child_process", str(request), str(folder)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PARSE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise InputError(
                f"Reading took longer than {PARSE_SECONDS // 60} minutes and was stopped.",
                todo="Take a part of the file.",
            ) from error
        return result(folder, ended.returncode)


def result(folder: Path, code: int) -> Table:
    """Return what the process left in the folder."""
    if (folder / "error.json").exists():
        raise InputError(**json.loads((folder / "error.json").read_text(encoding="utf-8")))
    if code or not (folder / "report.json").exists():
        raise InputError(
            f"The file could not be read within {PARSE_MEMORY_BYTES / 1e9:.0f} GB of memory.",
            todo="Take a part of the file, or save it as CSV or Parquet.",
        )
    report = ReadReport(**json.loads((folder / "report.json").read_text(encoding="utf-8")))
    frame = pd.read_parquet(folder / "frame.parquet").astype(object)
    return Table(frame, np.load(folder / "lines.npy"), report)


def main() -> int:
    """Read what the request names and leave table or error in the folder."""
    request, folder = Path(sys.argv[1]), Path(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (PARSE_MEMORY_BYTES, PARSE_MEMORY_BYTES))
    asked = json.loads(request.read_text(encoding="utf-8"))
    try:
        keep(read([Path(file) for file in asked["files"]], options=ReadOptions(**asked["options"])), folder)
    except InputError as error:
        told = {"what": error.what, "where": error.where, "todo": error.todo}
        (folder / "error.json").write_text(json.dumps(told), encoding="utf-8")
    return 0


def keep(table: Table, folder: Path) -> None:
    """Write the table into the folder, its report last. Raises InputError when there is no room."""
    try:
        table.frame.to_parquet(folder / "frame.parquet", index=False)
        np.save(folder / "lines.npy", table.lines)
        (folder / "report.json").write_text(json.dumps(asdict(table.report)), encoding="utf-8")
    except OSError as error:
        (folder / "frame.parquet").unlink(missing_ok=True)  # so that there is room to say what happened
        raise no_room(error) from error


if __name__ == "__main__":
    raise SystemExit(main())
