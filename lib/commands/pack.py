"""`python -m lib pack ID --out FILE.zip`: a run with its dataset, or a dataset, as one file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lib.errors import InputError
from lib.format import format_bytes
from lib.store.archive import find_archivable, write_archive
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("id", help="a run's id (python -m lib runs), or a dataset's")
    parser.add_argument(
        "--out", type=Path, required=True, help="the file, such as run.zip; it holds the dataset's texts"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Write the file."""
    if not args.out.expanduser().absolute().parent.is_dir():
        raise InputError(f"There is no folder {args.out.parent}.", todo="Make it, or choose another --out.")
    workspace = open_workspace()
    item = find_archivable(workspace, args.id)
    size = write_archive(workspace, item, args.out)
    report = {"id": item.id, "name": item.name, "out": str(args.out), "bytes": size}
    print(json.dumps(report, ensure_ascii=False) if args.json else f"{args.out}: {item.name}, {format_bytes(size)}")
    return 0
