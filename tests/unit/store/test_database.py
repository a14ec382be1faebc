"""The database: migrations from the first schema, refusal of newer and damaged ones, backup, restore."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lib.errors import DamagedError, StoreError
from lib.store.check import check, restore_backup
from lib.store.database import BACKUP, RESERVE, RESERVE_BYTES, Database
from lib.store.schema import MIGRATIONS
from lib.store.workspace import open_workspace
from tests.builders import add_dataset, add_run


def test_a_new_database_has_the_newest_schema(tmp_path: Path) -> None:
    Database(tmp_path / "closer.db")
    with closing(sqlite3.connect(tmp_path / "closer.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_workspace_of_the_first_schema_opens(tmp_path: Path) -> None:
    """first_schema.sql was dumped from a workspace of the first release, and is never changed."""
    with closing(sqlite3.connect(tmp_path / "closer.db")) as connection:
        connection.executescript(Path(__file__).with_name("first_schema.sql").read_text(encoding="utf-8"))
    workspace = open_workspace(tmp_path)
    run = workspace.runs.get("8dbb3caa39")
    assert (run.name, run.state, run.recipe.epochs) == ("Support desk, all-MiniLM-L6-v2", "succeeded", 4)
    assert run.seconds == pytest.approx(58, abs=1)  # what was not counted then follows from start and end
    assert [job.kind for job in workspace.jobs.all()] == ["train", "evaluate", "project"]
    assert workspace.datasets.get("fc399476f4ae").counts["train"] == 261
    with closing(sqlite3.connect(tmp_path / "closer.schema-1.db")) as copy:
        assert copy.execute("PRAGMA user_version").fetchone()[0] == 1
        assert copy.execute("SELECT COUNT(*) FROM runs").fetchone()[0] == 1


def test_a_whole_database_is_opened_without_writing(tmp_path: Path) -> None:
    database = Database(tmp_path / "closer.db")
    with database.reading() as reader:  # another connection keeps the log of changes from being folded in and removed
        reader.execute("SELECT COUNT(*) FROM runs").fetchone()
        log = tmp_path / "closer.db-wal"
        before = log.stat().st_size if log.exists() else 0
        for _ in range(5):
            Database(tmp_path / "closer.db")
        assert (log.stat().st_size if log.exists() else 0) == before


def test_a_newer_schema_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "closer.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
        connection.commit()
    with pytest.raises(StoreError, match="newer version"):
        Database(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 99


def test_a_database_that_is_gone_is_not_taken_for_a_new_one(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.database.backup(older_than=0)
    (home / "closer.db").unlink()
    with pytest.raises(DamagedError, match="gone") as refused:
        open_workspace()
    assert refused.value.has_backup
    assert not (home / "closer.db").exists()
    restore_backup(home)
    assert [item.id for item in open_workspace().datasets.all()] == [dataset.id]


def test_a_database_without_its_tables_is_not_filled_anew_beside_a_backup(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.database.backup(older_than=0)
    (home / "closer.db").unlink()
    with closing(sqlite3.connect(home / "closer.db")) as connection:
        connection.execute("CREATE TABLE something (a)")
    with pytest.raises(DamagedError, match="empty"):
        open_workspace()
    restore_backup(home)
    assert [item.id for item in open_workspace().datasets.all()] == [dataset.id]


def rubbish_page(home: Path) -> None:
    """Overwrite the page that holds the list of runs, in the middle of the file."""
    with closing(sqlite3.connect(home / "closer.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs'").fetchone()[0]
    with (home / "closer.db").open("rb+") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x5a" * 4096)


def test_a_damaged_page_never_reaches_the_backup(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    add_run(workspace, dataset, "a/b")
    workspace.database.backup(older_than=0)
    good = (home / BACKUP).read_bytes()
    rubbish_page(home)
    with pytest.raises(DamagedError):
        workspace.database.backup(older_than=0)
    assert (home / BACKUP).read_bytes() == good
    with pytest.raises(DamagedError):
        open_workspace().runs.all()
    copy = restore_backup(home)
    assert copy.exists()
    assert [item.id for item in open_workspace().datasets.all()] == [dataset.id]


def test_a_damaged_backup_gives_way_to_an_older_one(home: Path) -> None:
    workspace = open_workspace()
    dataset = add_dataset(workspace)
    workspace.database.backup(older_than=0)
    workspace.database.backup(older_than=0)  # the first becomes the older one
    (home / BACKUP).write_bytes(b"rubbish " * 900)
    rubbish_page(home)
    restore_backup(home)
    assert [item.id for item in open_workspace().datasets.all()] == [dataset.id]


def test_a_whole_database_is_not_replaced_by_its_backup(home: Path) -> None:
    workspace = open_workspace()
    workspace.database.backup(older_than=0)
    dataset = add_dataset(workspace)
    with pytest.raises(StoreError, match="is whole"):
        restore_backup(home)
    assert [item.id for item in open_workspace().datasets.all()] == [dataset.id]


def test_the_reserve_is_given_back_once(home: Path) -> None:
    database = open_workspace().database
    database.keep_reserve()
    assert (home / RESERVE).stat().st_size == RESERVE_BYTES
    assert database.give_reserve()
    assert not database.give_reserve()


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
    copy = restore_backup(home)
    assert copy.read_bytes() == damaged
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
