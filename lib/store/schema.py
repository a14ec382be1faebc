"""The tables of the workspace's database, by version, and whether a file has these and nothing else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

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
    # The seconds that earlier attempts took: a run that was resumed took longer than its last attempt.
    """
    ALTER TABLE jobs ADD COLUMN spent REAL NOT NULL DEFAULT 0;
    UPDATE jobs SET spent = MAX(0, COALESCE((julianday(ended) - julianday(started)) * 86400, 0));
    """,
    # Work on a dataset that belongs to no run (its run is then empty), and the whole error that a job failed with, JSON.
    """
    ALTER TABLE jobs ADD COLUMN dataset TEXT NOT NULL DEFAULT '';
    ALTER TABLE jobs ADD COLUMN error TEXT NOT NULL DEFAULT '';
    """,
)
"""One script a schema version; released ones never change, a new version is a new entry."""


_STATISTICS = (("table", "sqlite_stat1"), ("table", "sqlite_stat4"))


def schema_problem(connection: sqlite3.Connection, version: int) -> str:
    """Name the first thing that a database lacks or has beyond its version; empty where there is none.

    A trigger, a view or an index of an expression computes whatever its author wrote when a table is read or changed, and
    a file from somebody else may hold one.
    """
    present, expected = _objects(connection), _expected_objects(version)
    for name in sorted(present.keys() | expected.keys()):
        if present.get(name) != expected.get(name):
            what = (
                "is missing"
                if name not in present
                else "is not as it was written"
                if name in expected
                else "is unknown"
            )
            return f"{' '.join(name)[:200]!r} {what}"
    return ""


def _objects(connection: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Map kind and name of what a schema defines to its text; the tables that ANALYZE makes are left out."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master")
    found = {(str(kind), str(name)): " ".join(str(sql).split()) for kind, name, sql in rows}
    return {name: sql for name, sql in found.items() if name not in _STATISTICS}


@cache
def _expected_objects(version: int) -> dict[tuple[str, str], str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in MIGRATIONS[:version]:
            connection.executescript(script)
        return _objects(connection)
