"""The workspace's SQLite file: names, states and the queue.

Opened per use; every change is one short transaction.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lib.errors import DamagedError, StoreError
from lib.store.permission import must_be_editor
from lib.store.schema import MIGRATIONS, schema_problem

BACKUP = "closer.backup.db"
OLDER_BACKUPS = ("closer.backup-1.db", "closer.backup-2.db")
BACKUP_SECONDS = 60.0
ROTATED_SECONDS = 3600.0
"""The newest copy is a minute old at most; the older ones are at least an hour apart."""

RESERVE = "cache/reserve"
RESERVE_BYTES = 2_000_000
"""Disk space reserved for when the disk is full.

Deleting a run, which frees gigabytes, can then still be written down.
"""


def now() -> str:
    """Current time in UTC as ISO text; for display and sorting, never to decide which process lives."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Database:
    """The SQLite file of a workspace.

    Raises StoreError for a newer version's, DamagedError for a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._migrate()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open a connection for reading one consistent state."""
        with self._translate_errors(), closing(self._connect(only_reading=True)) as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Open a connection inside BEGIN IMMEDIATE; commit when the block ends well, else roll back.

        Raises NotAllowedError for one who may only look.
        """
        must_be_editor()
        with self._translate_errors(), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.commit()
            finally:
                if connection.in_transaction:  # whatever ended the block, a Ctrl-C too: nothing of it stays
                    connection.rollback()

    def backup(self, *, older_than: float = BACKUP_SECONDS) -> None:
        """Copy the database beside itself by SQLite's own backup.

        Unless the copy is younger than that many seconds.

        The copy is checked before it takes the older one's place. Raises DamagedError, and keeps the older one, when it is not whole.
        """
        target = self.path.with_name(BACKUP)
        if target.exists() and abs(time.time() - target.stat().st_mtime) < older_than:
            return
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        with self._translate_errors():
            with closing(self._connect()) as source, closing(sqlite3.connect(part)) as copy:
                source.backup(copy)
                if (answer := copy.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                    raise sqlite3.DatabaseError(answer)
            _sync(part)
            rotate(target)
            part.replace(target)

    def keep_reserve(self) -> None:
        """Set some disk aside, once; `give_reserve` gives it back when the disk is full."""
        path = self.path.parent / RESERVE
        if path.is_symlink():  # of a workspace of somebody else: what it leads to is not to be written over
            path.unlink()
        if path.exists() and path.stat().st_size >= RESERVE_BYTES:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(path.parent).free < 50 * RESERVE_BYTES:
            return
        try:
            path.write_bytes(os.urandom(RESERVE_BYTES))  # noise: no file system packs it
        except OSError:  # there is no room to set aside
            path.unlink(missing_ok=True)

    def give_reserve(self) -> bool:
        """Free the reserved disk space; False when there was none."""
        path = self.path.parent / RESERVE
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    def problems(self) -> list[str]:
        """Run SQLite's integrity check: one line a problem, none when the file is undamaged."""
        with self.reading() as connection:
            rows = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        return [] if rows == ["ok"] else rows

    def _connect(self, *, only_reading: bool = False) -> sqlite3.Connection:
        """Connect; on a full disk free the reserved space first, and else read without a log."""
        try:
            return self._open_connection(only_reading=only_reading)
        except sqlite3.OperationalError as error:
            if not _is_sqlite_full(error):
                raise
            if self.give_reserve():
                return self._open_connection(only_reading=only_reading)
            log = self.path.with_name(f"{self.path.name}-wal")
            if not only_reading or (log.exists() and log.stat().st_size):
                raise
            connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?immutable=1", uri=True, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.text_factory = _decode
            return connection

    def _open_connection(self, *, only_reading: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.text_factory = _decode
        try:
            # As SQLite advises for files from others: https://www.sqlite.org/security.html
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA cell_size_check=ON")
            if (
                only_reading
            ):  # the file says that it has a log, and pages read often: touch both, for a full disk shows here
                connection.execute("PRAGMA user_version").fetchone()
                return connection
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if not _is_sqlite_full(error):
                raise StoreError(f"The workspace's database cannot be used: {error}.", where=str(self.path)) from error
            again = " A reserve was freed: do it again now." if self.give_reserve() else ""
            raise StoreError(
                "The disk is full; nothing was changed.",
                where=str(self.path),
                todo=f"Free some space: deleting a run on the Overview page frees what it takes.{again}",
            ) from error
        except sqlite3.DatabaseError as error:
            raise self._damage_error("The workspace's database is damaged; nothing was written to it.") from error

    def _damage_error(self, what: str) -> DamagedError:
        backup = self.path.with_name(BACKUP)
        if backup.exists():
            advice = (
                "Restore the last backup with the button on any page, or with `python -m lib check --restore`; "
                "the damaged file is kept."
            )
        else:
            advice = (
                "There is no backup. Move the file away to start with an empty list; datasets and runs stay on disk."
            )
        return DamagedError(what, where=str(self.path), todo=advice, has_backup=backup.exists())

    def _migrate(self) -> None:
        """Bring an older or new file to the newest schema; one that has it is only read."""
        empty = not self.path.exists() or self.path.stat().st_size == 0
        if empty and self.path.with_name(BACKUP).exists():
            raise self._damage_error("The workspace's database is gone, but there is a backup of it.")
        with self.reading() as connection:
            version = self._version(connection)
            if version > 0 and (problem := schema_problem(connection, version)):
                raise self._damage_error(f"The workspace's database is not one that Closer wrote: {problem}.")
            if version == len(MIGRATIONS):
                return
            if version > 0:
                self._keep_older(connection, version)
        with self._translate_errors(), closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            if self._version(connection) == 0 and self.path.with_name(BACKUP).exists():
                connection.rollback()  # it was emptied since it was looked at: never begin again beside a backup
                raise self._damage_error("The workspace's database is empty, but there is a backup of it.")
            for script in MIGRATIONS[self._version(connection) :]:
                for statement in script.split(";"):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
            connection.commit()

    def _keep_older(self, connection: sqlite3.Connection, version: int) -> None:
        """Copy a database of an older schema before it is changed, so that an older Closer can go on with it."""
        old_copy = self.path.with_name(f"closer.schema-{version}.db")
        if not old_copy.exists():
            part = old_copy.with_suffix(".part")
            with closing(sqlite3.connect(part)) as copy:
                connection.backup(copy)
            part.replace(old_copy)

    def _version(self, connection: sqlite3.Connection) -> int:
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > len(MIGRATIONS):
            raise StoreError(
                f"This workspace was written by a newer version of Closer (schema {version}, known: {len(MIGRATIONS)}).",
                where=str(self.path),
                todo="Update Closer, or choose another folder with CLOSER_HOME.",
            )
        return version


def _decode(data: bytes) -> str:
    """Decode a stored text; one damaged cell must not hide every row."""
    return data.decode("utf-8", "replace")


def _is_sqlite_full(error: sqlite3.Error) -> bool:
    """Check whether SQLite failed on a full disk: by its message, or by a file that could not grow."""
    return getattr(error, "sqlite_errorname", "") in ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")


def rotate(newest: Path) -> None:
    """Keep the newest backup as an older one, once the last of those is an hour old.

    To undo later mistakes.
    """
    older = [newest.with_name(name) for name in OLDER_BACKUPS]
    if not newest.exists():
        return
    if older[0].exists() and abs(newest.stat().st_mtime - older[0].stat().st_mtime) < ROTATED_SECONDS:
        return
    for source, target in reversed(list(zip([newest, *older], older, strict=False))):
        if source.exists():
            source.replace(target)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
