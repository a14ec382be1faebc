"""`python -m lib check`: is every dataset and run whole?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lib import settings
from lib.errors import DamagedError
from lib.store.check import check, check_folders, restore_backup
from lib.store.workspace import Workspace, open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--restore", action="store_true", help="go on with the last backup of a damaged database")


def run(given: argparse.Namespace) -> int:
    """Print what is not whole; return 1 when there is anything."""
    if given.restore:
        kept = restore_backup(settings.home())
        print(f"The last backup is in use again; the damaged file is kept as {kept.name}.")
    try:
        workspace = open_workspace()
        problems = check(workspace)
        leftovers, unlisted = ([str(p.relative_to(workspace.home)) for p in found] for found in lists(workspace))
        counts = f"{len(workspace.datasets.all())} datasets, {len(workspace.runs.all())} runs"
    except DamagedError as error:  # the folders can be judged without it
        problems, leftovers, unlisted, counts = [f"database: {error}", *check_folders(settings.home())], [], [], ""
    if given.json:
        told = {"whole": not problems, "problems": problems, "leftovers": leftovers, "unlisted": unlisted}
        print(json.dumps(told))
        return 1 if problems else 0
    print("\n".join(problems) if problems else f"All is whole: {counts}.")
    if leftovers:
        print(f"Leftovers of crashes, safe to delete on the Overview page: {', '.join(leftovers)}")
    if unlisted:
        print(f"On the disk, but not in the list (after an older backup was restored, say): {', '.join(unlisted)}")
    return 1 if problems else 0


def lists(workspace: Workspace) -> tuple[list[Path], list[Path]]:
    """Return what can be cleaned, and what the list does not know."""
    return workspace.leftovers(), workspace.unlisted()
