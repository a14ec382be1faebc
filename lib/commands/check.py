"""`python -m lib check`: verify every dataset and run."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, field

from lib import settings
from lib.errors import DamagedError
from lib.format import format_count
from lib.store.check import check, check_folders, restore_backup
from lib.store.workspace import open_workspace


@dataclass(frozen=True)
class CheckReport:
    """What is damaged, what crashes left behind, what is missing from lists, how much was checked."""

    problems: list[str]
    leftovers: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    counts: str = ""

    def to_json(self) -> str:
        """Write what --json prints."""
        facts = asdict(self)
        del facts["counts"]
        return json.dumps({"whole": not self.problems, **facts})

    def to_text(self) -> str:
        """Write the report for a person."""
        lines = self.problems or [f"No problems found in {self.counts}."]
        if self.leftovers:
            lines = [*lines, f"Leftovers of crashes, safe to delete on the Overview page: {', '.join(self.leftovers)}"]
        if self.unlisted:
            where = (
                "On disk, but not in the list of runs and datasets (after an older backup was restored, for example)"
            )
            lines = [*lines, f"{where}: {', '.join(self.unlisted)}"]
        return "\n".join(lines)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--restore", action="store_true", help="restore the last backup of a damaged database")


def run(args: argparse.Namespace) -> int:
    """Print what is damaged; return 1 when there is anything."""
    if args.restore:
        damaged = restore_backup(settings.home())
        print(f"The last backup is in use again; the damaged file is kept as {damaged.name}.")
    report = check_workspace()
    print(report.to_json() if args.json else report.to_text())
    return 1 if report.problems else 0


def check_workspace() -> CheckReport:
    """Check database and folders; the folders alone where the database is damaged."""
    try:
        workspace = open_workspace()
        problems = check(workspace)
        leftovers, unlisted = (
            [str(path.relative_to(workspace.home)) for path in paths]
            for paths in (workspace.leftovers(), workspace.unlisted_folders())
        )
        datasets, runs = len(workspace.datasets.all()), len(workspace.runs.all())
    except DamagedError as error:
        return CheckReport([f"database: {error}", *check_folders(settings.home())])
    return CheckReport(
        problems, leftovers, unlisted, f"{format_count(datasets, 'dataset')} and {format_count(runs, 'run')}"
    )
