"""A cell of another type than its column counts as an empty one, and hides neither its row nor others."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from lib.errors import StoreError
from lib.store.check import check
from lib.store.layout import DATABASE
from lib.store.rows import MAX_STORED_CHARACTERS, UNKNOWN_MOMENT
from lib.store.runs import Run
from lib.store.workspace import Workspace, open_workspace
from tests.builders import add_dataset, add_run, pairs


@pytest.fixture
def workspace(home: Path) -> Workspace:
    return open_workspace()


@pytest.fixture
def run(workspace: Workspace) -> Run:
    return add_run(workspace, add_dataset(workspace), "a/b")


def put(home: Path, statement: str, *values: object) -> None:
    """Change the database behind Closer's back."""
    with closing(sqlite3.connect(home / DATABASE)) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.parametrize(
    ("column", "value", "read"),
    [
        ("name", b"\xff\x00", "\ufffd\x00"),
        ("name", 7, "7"),
        ("note", "x" * (MAX_STORED_CHARACTERS + 1), "x" * MAX_STORED_CHARACTERS),
        ("created", "yesterday", UNKNOWN_MOMENT),
        ("created", "0001-01-01T00:00:00+00:00", UNKNOWN_MOMENT),
        ("created", "9999-12-31T23:59:59-23:59", UNKNOWN_MOMENT),
        ("created", "2026-11-26T12:00:00", UNKNOWN_MOMENT),  # in no time zone
        ("starred", "many", False),
        ("starred", float("inf"), False),
        ("headline", b"{}", None),
        ("model", 1.5, "1.5"),
    ],
    ids=range(11),
)
def test_a_damaged_cell_of_a_run_is_read_as_its_type(
    home: Path, workspace: Workspace, run: Run, column: str, value: object, read: object
) -> None:
    put(home, f"UPDATE runs SET {column} = ?", value)
    (found,) = workspace.runs.all()
    assert (found.id, getattr(found, column)) == (run.id, read)


def test_a_damaged_time_of_deletion_is_one(home: Path, workspace: Workspace, run: Run) -> None:
    put(home, "UPDATE runs SET deleted = ?", b"\xff")
    assert workspace.runs.all() == []
    assert [one.deleted for one in workspace.runs.all(deleted=True)] == [UNKNOWN_MOMENT]


def test_damaged_cells_of_a_job_are_read_as_their_types(home: Path, workspace: Workspace, run: Run) -> None:
    put(home, "UPDATE jobs SET position = 'x', attempts = 'many', spent = -1e300, started = 7, payload = ?", b"\xff")
    (job,) = workspace.jobs.all()
    assert (job.position, job.attempts, job.spent, job.started, job.payload) == (0.0, 0, 0.0, None, {})
    assert workspace.jobs.submit("project", run=run.id).position == 1.0


def test_a_text_that_is_no_utf8_hides_no_row(home: Path, workspace: Workspace, run: Run) -> None:
    put(home, "UPDATE runs SET name = CAST(? AS TEXT)", b"a\xff")
    assert [one.name for one in workspace.runs.all()] == ["a\ufffd"]


def test_two_trainings_of_a_run_are_one_row(home: Path, workspace: Workspace, run: Run) -> None:
    workspace.jobs.submit("train", run=run.id, key="again")
    assert [one.id for one in workspace.runs.all()] == [run.id]


@pytest.mark.parametrize(("table", "column"), [("runs", "id"), ("datasets", "id"), ("datasets", "shape")])
def test_a_row_of_no_use_hides_no_other_and_is_named(
    home: Path, workspace: Workspace, run: Run, table: str, column: str
) -> None:
    other = add_dataset(workspace, table=pairs(60))
    second = add_run(workspace, other, "c/d")
    bad = run.id if table == "runs" else run.dataset
    put(home, f"UPDATE {table} SET {column} = '../../x' WHERE id = ?", bad)
    put(home, "UPDATE jobs SET run = '../../x' WHERE run = ?", bad)
    listed = workspace.runs.all() if table == "runs" else workspace.datasets.all()
    assert [one.id for one in listed] == [second.id if table == "runs" else other.id]
    assert any("../../x" in line for line in check(workspace))
    with pytest.raises(StoreError):
        (workspace.runs if table == "runs" else workspace.datasets).get("../../x" if column == "id" else bad)
