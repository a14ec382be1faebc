"""`python -m lib check`: is every dataset and run whole?"""

from __future__ import annotations

import argparse
import json

from lib import settings
from lib.store.check import check, restore_backup
from lib.store.workspace import open_workspace


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--restore", action="store_true", help="go on with the last backup of a damaged database")


def run(given: argparse.Namespace) -> int:
    """Print what is not whole; return 1 when there is anything."""
    if given.restore:
        kept = restore_backup(settings.home())
        print(f"The last backup is in use again; the damaged file is kept as {kept.name}.")
    workspace = open_workspace()
    problems = check(workspace)
    leftovers = [str(path.relative_to(workspace.home)) for path in workspace.leftovers()]
    if given.json:
        print(json.dumps({"whole": not problems, "problems": problems, "leftovers": leftovers}))
    else:
        counts = f"{len(workspace.datasets.all())} datasets, {len(workspace.runs.all())} runs"
        print("\n".join(problems) if problems else f"All is whole: {counts}.")
        if leftovers:
            print(f"Leftovers of crashes, safe to delete on the Overview page: {', '.join(leftovers)}")
    return 1 if problems else 0
