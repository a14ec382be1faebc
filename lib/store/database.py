"""The workspace's one SQLite file: names, states and the queue. Opened per use; every change is one short transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lib.errors import StoreError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE datasets (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, notes TEXT NOT NULL DEFAULT '', shape TEXT NOT NULL,
        created TEXT NOT NULL, counts TEXT NOT NULL, deleted TEXT
    );
    CREATE TABLE runs (
        id TEXT PRIMARY KEY, key TEXT UNIQUE, name TEXT NOT NULL, note TEXT NOT NULL DEFAULT '',
        starred INTEGER NOT NULL DEFAULT 0, dataset TEXT NOT NULL, model TEXT NOT NULL, recipe TEXT NOT NULL,
        heading TEXT NOT NULL DEFAULT '', created TEXT NOT NULL, headline TEXT, deleted TEXT
    );
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, kind TEXT NOT NULL, run TEXT NOT NULL,
        payload TEXT NOT NULL, state TEXT NOT NULL, position REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
        token TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', created TEXT NOT NULL, started TEXT, ended TEXT
    );
    CREATE INDEX jobs_by_state ON jobs (state, position);
    CREATE INDEX jobs_by_run ON jobs (run, kind);
    """,
)
"""One script a schema version; released ones never change, a new version is a new entry."""

BACKUP = "closer.backup.db"
BACKUP_SECONDS = 60.0


def now() -> str:
    """Return the time in UTC as ISO text; for showing and sorting, never for deciding who lives."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Database:
    """The SQLite file of a workspace. Raises StoreError when it is damaged or from a newer version."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._migrate()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for reading one consistent state."""
        with self._guarded(), closing(self._connect()) as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Give a connection inside BEGIN IMMEDIATE; commit when the block ends well, else roll back."""
        with self._guarded(), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:  # whatever ends the block, a Ctrl-C too: nothing of it stays, and it goes on its way
                connection.rollback()
                raise
            connection.commit()

    def backup(self, *, older_than: float = BACKUP_SECONDS) -> None:
        """Copy the database beside itself by SQLite's own backup, unless the copy is younger than that many seconds."""
        target = self.path.with_name(BACKUP)
        if target.exists() and time.time() - target.stat().st_mtime < older_than:
            return
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        with self._guarded(), closing(self._connect()) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        part.replace(target)

    def problems(self) -> list[str]:
        """Return what SQLite's own integrity check finds: nothing when the file is whole."""
        with self.reading() as connection:
            rows = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        return [] if rows == ["ok"] else rows

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(f"The workspace's database cannot be used: {error}.", where=str(self.path)) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                "The workspace's database is damaged; nothing was written to it.",
                where=str(self.path),
                todo=self._advice(),
            ) from error

    def _advice(self) -> str:
        backup = self.path.with_name(BACKUP)
        if backup.exists():
            return f"Run `python -m lib check --restore` to go on with the last backup ({backup.name}); the damaged file is kept."
        return "There is no backup. Move the file away to start with an empty list; datasets and runs stay on disk."

    def _migrate(self) -> None:
        fresh = not self.path.exists()
        if not fresh and self.path.stat().st_size == 0 and self.path.with_name(BACKUP).exists():
            raise StoreError("The workspace's database is empty.", where=str(self.path), todo=self._advice())
        with self._guarded(), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(MIGRATIONS):
                raise StoreError(
                    f"This workspace was written by a newer version of Closer (schema {version}, known: {len(MIGRATIONS)}).",
                    where=str(self.path),
                    todo="Update Closer, or choose another folder with CLOSER_HOME.",
                )
            for script in MIGRATIONS[version:]:
                for statement in script.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
            connection.commit()
