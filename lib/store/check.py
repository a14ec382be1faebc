"""Check a workspace for damage: manifests against files, database against folders."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from lib.errors import StoreError
from lib.store.database import BACKUP, OLDER_BACKUPS, now
from lib.store.layout import DATABASE, WorkspacePaths
from lib.store.permission import must_be_editor
from lib.store.publish import MANIFEST, sync, verify
from lib.store.runs import Run
from lib.store.schema import MIGRATIONS, schema_problem
from lib.store.snapshots import snapshot_problems
from lib.store.workspace import Workspace


def check(workspace: Workspace) -> list[str]:
    """Check a workspace: one line for each thing that is damaged, none when all is well."""
    lines = [*workspace.database.problems(), *workspace.datasets.problems(), *workspace.runs.problems()]
    problems = [f"database: {line}" for line in lines]
    ids = set()
    for deleted in (False, True):
        for dataset in workspace.datasets.all(deleted=deleted):
            ids.add(dataset.id)
            problems += [f"dataset {dataset.id}: {line}" for line in verify(dataset.folder)]
    for deleted in (False, True):
        for run in workspace.runs.all(deleted=deleted):
            problems += [f"run {run.id}: {line}" for line in of_run(workspace, run)]
            if run.dataset not in ids:
                problems.append(f"run {run.id}: its dataset {run.dataset} is not in the list any more")
    return problems


def check_folders(home: Path) -> list[str]:
    """Check everything published under a workspace, whether or not the database knows it."""
    paths = WorkspacePaths(home)
    return [
        line for root in (paths.datasets, paths.runs) for folder in published_folders(root) for line in verify(folder)
    ]


def of_run(workspace: Workspace, run: Run) -> list[str]:
    """Check one run: what it published, and what its finished jobs should have published."""
    folders = published_folders(run.folder)
    problems = [line for folder in folders for line in verify(folder)]
    results = {"train": run.model_dir, "evaluate": run.paths.evaluation.folder, "project": run.paths.map.folder}
    ended = {job.kind for job in workspace.jobs.all(run=run.id, states=("succeeded",))}
    for kind, folder in results.items():
        if kind in ended and folder not in folders:
            what = "has no manifest" if folder.is_dir() else "is missing"
            problems.append(f"its job ({kind}) succeeded, but the folder {folder.name} {what}")
    return [*problems, *snapshot_problems(run.paths.snapshots.folder)]


def published_folders(folder: Path) -> list[Path]:
    """List the published folders of a run: model, checkpoints, evaluation, map."""
    return sorted(
        {
            path.parent
            for path in folder.rglob(MANIFEST)
            if not any(p.startswith(".") for p in path.relative_to(folder).parts)
        }
    )


def restore_backup(home: Path) -> Path:
    """Replace a damaged database by the newest undamaged backup.

    Returns the path where the damaged one is kept, with its log.

    Raises StoreError when there is no whole backup, or when the database is whole: then there is nothing to restore.
    """
    must_be_editor()
    database = WorkspacePaths(home).database
    if is_whole(database):
        raise StoreError(
            "The database is whole; the backup is older and was not put in its place.", where=str(database)
        )
    backups = [home / name for name in (BACKUP, *OLDER_BACKUPS) if (home / name).exists()]
    backup = next((path for path in backups if is_whole(path)), None)
    if backup is None:
        what = "Every backup of the database is damaged too." if backups else "There is no backup of the database."
        raise StoreError(what, where=str(home))
    damaged_file = home / f"closer.damaged-{now().replace(':', '')}.db"
    for tail in ("", "-wal", "-shm"):
        if (home / f"{DATABASE}{tail}").exists():
            (home / f"{DATABASE}{tail}").rename(damaged_file.with_name(f"{damaged_file.name}{tail}"))
    part = database.with_suffix(".part")
    shutil.copyfile(backup, part)
    sync(part)
    part.replace(database)
    return damaged_file


def is_whole(path: Path) -> bool:
    """Check whether a file is a database of a workspace without damage, by SQLite's own check."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if not 0 < version <= len(MIGRATIONS) or schema_problem(connection, version):
                return False
            return connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        return False
