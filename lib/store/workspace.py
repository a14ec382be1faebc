"""One folder that holds all of a person's work; lib/store/layout.py says where everything in it lies."""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lib import settings
from lib.process import is_open_to_others, keep_new_files_private, make_private
from lib.store.database import Database
from lib.store.datasets import Datasets
from lib.store.free_space import remove_vectors
from lib.store.jobs import OPEN, Jobs
from lib.store.layout import WorkspacePaths
from lib.store.permission import must_be_editor
from lib.store.publish import leftovers, size_of
from lib.store.regular_file import must_be_own_files
from lib.store.runs import Runs

_log = logging.getLogger("closer")

YOUNG_SECONDS = 60.0
"""Parts younger than this may still be written, by another window's upload say."""


@dataclass(frozen=True)
class Workspace:
    """The open workspace; cheap to make, safe to use from several threads and processes."""

    home: Path
    database: Database
    datasets: Datasets
    runs: Runs
    jobs: Jobs

    @property
    def paths(self) -> WorkspacePaths:
        """Where everything of the workspace lies."""
        return WorkspacePaths(self.home)

    def leftovers(self) -> list[Path]:
        """Find half-written files of crashes that nothing will finish any more, so that they can be removed.

        Parts of a run that anything waits for or works on are left out, and parts so young that another process may be
        writing them.
        """
        working = {job.run for job in self.jobs.all(states=OPEN)}
        found = [*leftovers(self.paths.runs), *leftovers(self.paths.datasets)]
        for run in self.runs.all():
            if run.id not in working:
                found += leftovers(run.folder, deep=True)
        return [path for path in found if _is_old(path)]

    def unlisted_folders(self) -> list[Path]:
        """Find runs' and datasets' folders that the database does not know (after a restore, say): keep them."""
        known = {run.id for deleted in (False, True) for run in self.runs.all(deleted=deleted)}
        known |= {item.id for deleted in (False, True) for item in self.datasets.all(deleted=deleted)}
        folders = [path for root in (self.paths.runs, self.paths.datasets) for path in root.glob("*") if path.is_dir()]
        return sorted(p for p in folders if not p.name.startswith(".") and p.name not in known and _is_old(p))

    def vector_bytes(self) -> int:
        """Sum the bytes of the cached vectors."""
        return size_of(self.paths.vectors)

    def free_vectors(self) -> int:
        """Remove the cached vectors and return the bytes that this freed; what needs them encodes again."""
        must_be_editor()
        return remove_vectors(self.paths)

    def used_bytes(self) -> int:
        """Sum the bytes of the whole workspace."""
        return size_of(self.home)


def _is_old(path: Path) -> bool:
    """Check whether a path was last changed a while ago; False for one that is gone."""
    try:
        return abs(time.time() - path.lstat().st_mtime) > YOUNG_SECONDS
    except OSError:
        return False


def make_workspace_private(home: Path) -> int:
    """Take the rights of other accounts on a workspace away, say so once, return the count.

    The workspace's own folder comes last: while others can enter it, it is looked through again.
    """
    if not (home.exists() and is_open_to_others(home)):
        return 0
    count = 0
    for base, folders, names in os.walk(home, topdown=False):
        for path in (Path(base) / name for name in (*names, *folders)):
            with suppress(FileNotFoundError):  # a worker may be replacing it
                if is_open_to_others(path):
                    make_private(path)
                    count += 1
    make_private(home)
    if count:
        _log.warning("Other accounts could read %d files and folders of %s: they are private now.", count, home)
    return count


def open_workspace(home: Path | None = None) -> Workspace:
    """Open (and make, if it is new) the workspace at `home`, or the one in use. Raises StoreError."""
    folder = (home or settings.home()).resolve()
    paths = WorkspacePaths(folder)
    keep_new_files_private()
    must_be_own_files(paths.own_entries())
    make_workspace_private(folder)
    for needed in (paths.datasets, paths.runs, paths.uploads, paths.cache):
        needed.mkdir(parents=True, exist_ok=True)
    database = Database(paths.database)
    return Workspace(folder, database, Datasets(database, paths.datasets), Runs(database, paths.runs), Jobs(database))
