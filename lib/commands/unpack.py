"""`python -m lib unpack FILE.zip`: take the run or dataset of a packed file into the workspace."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lib.errors import InputError
from lib.store.runs import Run
from lib.store.unarchive import open_archive
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("file", type=Path, help="a file that `python -m lib pack` or Overview wrote")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Check the file whole, then take what it holds."""
    if not args.file.is_file():
        raise InputError(f"There is no file {args.file}.", todo="Check the path.")
    item = open_archive(open_workspace(), args.file)
    kind = "run" if isinstance(item, Run) else "dataset"
    report = {"kind": kind, "id": item.id, "name": item.name}
    print(json.dumps(report, ensure_ascii=False) if args.json else f"{kind} {item.id}: {item.name}")
    return 0
