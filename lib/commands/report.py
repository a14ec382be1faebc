"""`python -m lib report RUN --out FILE.html`: a run, or two, as one page that opens anywhere."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lib.commands.groups import add_group_options, named_groups
from lib.errors import InputError, StoreError
from lib.format import format_bytes
from lib.report.texts import SHORT_CHARACTERS, TextDetail

if TYPE_CHECKING:
    from lib.store.runs import Run
    from lib.store.workspace import Workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("run", help="a run's id, as `python -m lib runs` lists it")
    parser.add_argument("other", nargs="?", metavar="RUN2", help="a second run, to compare with the first")
    parser.add_argument("--out", type=Path, metavar="FILE", required=True, help="the HTML file to write")
    parser.add_argument(
        "--texts",
        choices=[detail.value for detail in TextDetail],
        default=TextDetail.FULL.value,
        help=f"how much of the dataset's texts it holds: all, {SHORT_CHARACTERS} characters of each, or none (default %(default)s)",
    )
    add_group_options(parser)
    parser.add_argument("--json", action="store_true", help="print file and size as one JSON object")


def run(given: argparse.Namespace) -> int:
    """Write the report; an older file of that name is replaced."""
    from lib.store.workspace import open_workspace

    if given.other == given.run:
        raise InputError("Both runs are the same.", todo="Name two, or one.")
    names = named_groups(given)
    workspace = open_workspace()
    runs = [workspace.runs.get(name) for name in (given.run, given.other) if name]
    size = write_report(workspace, runs, given.out, detail=TextDetail(given.texts), groups=names)
    facts = {"report": str(given.out), "bytes": size}
    print(json.dumps(facts) if given.json else f"report: {given.out} ({format_bytes(size)})")
    return 0


def write_report(
    workspace: Workspace,
    runs: Sequence[Run],
    path: Path,
    *,
    detail: TextDetail = TextDetail.FULL,
    groups: tuple[str, str] | None = None,
) -> int:
    """Write the report of one run, or of two, and count its bytes.

    groups: names of two groups of texts of the first run's map. Raises StoreError where the disk refuses.
    """
    from lib.report.two_groups import GroupChoice
    from lib.report.write import make_report

    page = make_report(workspace, runs, detail=detail, choice=GroupChoice(*groups) if groups else None).encode()
    try:
        path.write_bytes(page)
    except OSError as error:
        raise StoreError(f"{path} could not be written: {error.strerror}.", todo="Choose another file.") from error
    return len(page)
