"""A database whose schema does more than Closer's is refused before a table of it is read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lib.errors import DamagedError, StoreError
from lib.store.check import restore_backup
from lib.store.database import BACKUP
from lib.store.layout import DATABASE
from lib.store.schema import MIGRATIONS, schema_problem
from lib.store.workspace import open_workspace
from tests.builders import add_dataset

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
HOSTILE = {
    "a view that never ends": f"ALTER TABLE runs RENAME TO old; CREATE VIEW runs AS {ENDLESS} i AS id FROM n",
    "a trigger that deletes": "CREATE TRIGGER t AFTER UPDATE ON jobs BEGIN DELETE FROM runs; END",
    "a trigger that never ends": f"CREATE TRIGGER t AFTER INSERT ON jobs BEGIN INSERT INTO runs (id) {ENDLESS} i FROM n; END",
    "an index of an expression": "CREATE INDEX i ON runs (hex(zeroblob(1000000)))",
    "a generated column": "ALTER TABLE runs ADD COLUMN more AS (hex(zeroblob(100000000)))",
    "a table more": "CREATE TABLE more (a)",
    "a table less": "DROP TABLE datasets",
    "an index less": "DROP INDEX jobs_by_run",
    "a table that checks": (
        "DROP TABLE datasets; CREATE TABLE datasets (id TEXT PRIMARY KEY CHECK (length(hex(zeroblob(100000000))) > 0))"
    ),
    "a hidden trigger": (
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_master VALUES "
        "('trigger', 'sqlite_stat1', 'runs', 0, 'CREATE TRIGGER sqlite_stat1 AFTER UPDATE ON runs BEGIN SELECT 1; END')"
    ),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_schema_is_refused_unread(home: Path, name: str) -> None:
    open_workspace()
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        connection.executescript(HOSTILE[name])
    with pytest.raises(DamagedError, match="not one that Closer wrote"):
        open_workspace()


@pytest.mark.timeout(60)
def test_a_hostile_backup_is_not_restored(home: Path) -> None:
    open_workspace().database.backup(older_than=0)
    with closing(sqlite3.connect(home / BACKUP)) as connection:
        connection.executescript(HOSTILE["a view that never ends"])
    (home / DATABASE).unlink()
    with pytest.raises(StoreError, match="damaged too"):
        restore_backup(home)


def test_what_sqlite_adds_to_a_schema_is_no_problem(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    with closing(sqlite3.connect(home / DATABASE)) as connection:
        connection.executescript("ANALYZE; VACUUM")
        assert connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'").fetchone() == (1,)
        assert schema_problem(connection, len(MIGRATIONS)) == ""
    assert [one.id for one in open_workspace().datasets.all()] == [dataset.id]
