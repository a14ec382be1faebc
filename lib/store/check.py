"""Is everything whole? Manifests against files, database against folders."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from lib.errors import StoreError
from lib.store.database import BACKUP, now
from lib.store.publish import MANIFEST, verify
from lib.store.workspace import Workspace


def check(workspace: Workspace) -> list[str]:
    """Return one line for each thing that is not whole; an empty list means that all is well."""
    problems = [f"database: {line}" for line in workspace.database.problems()]
    for deleted in (False, True):
        for dataset in workspace.datasets.all(deleted=deleted):
            problems += [f"dataset {dataset.id}: {line}" for line in verify(dataset.folder)]
        for run in workspace.runs.all(deleted=deleted):
            problems += [f"run {run.id}: {line}" for folder in published(run.folder) for line in verify(folder)]
            if run.state == "succeeded" and not run.model_dir.is_dir():
                problems.append(f"run {run.id}: it succeeded, but its model's folder is missing")
    return problems


def published(folder: Path) -> list[Path]:
    """Return the published folders of a run: model, checkpoints, evaluation, map."""
    return sorted(
        {
            path.parent
            for path in folder.rglob(MANIFEST)
            if not any(p.startswith(".") for p in path.relative_to(folder).parts)
        }
    )


def restore_backup(home: Path) -> Path:
    """Put the last backup in the database's place and return where the damaged file is kept. Raises StoreError."""
    database, backup = home / "closer.db", home / BACKUP
    if not backup.exists():
        raise StoreError("There is no backup of the database.", where=str(home))
    with closing(sqlite3.connect(backup)) as connection:
        if connection.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise StoreError("The backup is damaged too.", where=str(backup))
    kept = home / f"closer.damaged-{now().replace(':', '')}.db"
    if database.exists():
        database.rename(kept)
    for tail in ("-wal", "-shm"):
        (home / f"closer.db{tail}").unlink(missing_ok=True)
    shutil.copyfile(backup, database)
    return kept
