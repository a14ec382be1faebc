"""The database: migrations from the first schema, refusal of newer and damaged ones, backup and restore."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lib.errors import StoreError
from lib.store.check import check, restore_backup
from lib.store.database import MIGRATIONS, Database
from lib.store.workspace import open_workspace
from tests.builders import add_dataset


def test_a_new_database_has_the_newest_schema(tmp_path: Path) -> None:
    Database(tmp_path / "closer.db")
    with closing(sqlite3.connect(tmp_path / "closer.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_workspace_of_the_first_schema_opens(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "closer.db")) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("PRAGMA user_version=1")
        connection.execute(
            "INSERT INTO runs (id, name, dataset, model, recipe, created) VALUES ('r', 'old', 'd', 'm', '{}', '2026-01-01T00:00:00+00:00')"
        )
        connection.execute(
            "INSERT INTO jobs (kind, run, payload, state, position, created) VALUES ('train', 'r', '{}', 'succeeded', 1, '2026')"
        )
        connection.commit()
    run = open_workspace(tmp_path).runs.get("r")
    assert (run.name, run.state) == ("old", "succeeded")


def test_a_newer_schema_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "closer.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
        connection.commit()
    with pytest.raises(StoreError, match="newer version"):
        Database(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 99


@pytest.mark.parametrize("content", [b"", b"rubbish " * 4000, None])
def test_a_damaged_database_is_refused_kept_and_restored(home: Path, content: bytes | None) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.database.backup(older_than=0)
    path = home / "closer.db"
    damaged = path.read_bytes()[: 3 * 1024] if content is None else content
    for tail in ("-wal", "-shm"):
        (home / f"closer.db{tail}").unlink(missing_ok=True)
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match=r"--restore|backup"):
        open_workspace().datasets.all()
    assert path.read_bytes() == damaged
    kept = restore_backup(home)
    assert kept.read_bytes() == damaged
    again = open_workspace()
    assert [item.id for item in again.datasets.all()] == [dataset.id]
    assert check(again) == []


def test_an_error_inside_a_change_rolls_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "closer.db")
    insert = "INSERT INTO datasets (id, name, shape, created, counts) VALUES ('a', 'a', 'pairs', '', '{}')"
    with pytest.raises(RuntimeError), database.changing() as connection:
        connection.execute(insert)
        raise RuntimeError
    with database.reading() as connection:
        assert connection.execute("SELECT COUNT(*) FROM datasets").fetchone()[0] == 0
