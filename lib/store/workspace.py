"""One folder that holds all of a person's work: closer.db, datasets/, runs/, uploads/, cache/."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lib import settings
from lib.store.database import Database
from lib.store.datasets import Datasets
from lib.store.jobs import Jobs
from lib.store.publish import leftovers, size_of
from lib.store.runs import Runs


@dataclass(frozen=True)
class Workspace:
    """The open workspace; cheap to make, safe to use from several threads and processes."""

    home: Path
    database: Database
    datasets: Datasets
    runs: Runs
    jobs: Jobs

    def leftovers(self) -> list[Path]:
        """Return what crashes left behind: unfinished folders, and folders that no list knows."""
        known = {run.id for deleted in (False, True) for run in self.runs.all(deleted=deleted)}
        known |= {item.id for deleted in (False, True) for item in self.datasets.all(deleted=deleted)}
        found: list[Path] = []
        for parent in (self.home / "runs", self.home / "datasets"):
            found += leftovers(parent)
            found += [p for p in parent.glob("*") if p.is_dir() and not p.name.startswith(".") and p.name not in known]
        for run in self.runs.all():
            if not run.is_open:
                found += leftovers(run.folder) + leftovers(run.checkpoints_dir)
        return found

    def used_bytes(self) -> int:
        """Return the bytes that the whole workspace takes."""
        return size_of(self.home)


def open_workspace(home: Path | None = None) -> Workspace:
    """Open (and make, if it is new) the workspace at `home`, or the one in use. Raises StoreError."""
    folder = (home or settings.home()).resolve()
    for name in ("datasets", "runs", "uploads", "cache"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    database = Database(folder / "closer.db")
    return Workspace(
        folder, database, Datasets(database, folder / "datasets"), Runs(database, folder / "runs"), Jobs(database)
    )
