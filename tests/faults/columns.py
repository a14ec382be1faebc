"""Every column of the workspace's database, with values of other types in it, and what reads them."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from lib.commands.runs import run_json, run_line
from lib.errors import CloserError
from lib.jobs.supervisor import make_way
from lib.jobs.worker import release_dead
from lib.store.check import check
from lib.store.jobs import DONE, LIVE, OPEN, WAITING
from lib.store.layout import WorkspacePaths
from lib.store.schema import MIGRATIONS
from lib.store.workspace import Workspace, open_workspace
from tests.faults.planted import Planted
from tests.mutations import ODD_VALUES, mutate

HOLDS_JSON = {"headline", "recipe", "counts", "payload", "error"}
ERROR = json.dumps({"class": "InputError", "what": "w", "where": "h", "todo": "t"})
ODD_TEXTS = (
    b"\xff\xfe",
    b"a\xedb",
    b"2026-11-26T12:00:00+00:00",
    b"2026-11-26",
    b"running",
    b"cancelling",
    b"run:../../x",
    b"x" * 100_000,
    b"nan",
    b"\x1b[2J",
)
"""Bytes for a column of text, not all of them UTF-8."""


@dataclass(frozen=True)
class Column:
    """A column of a table."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def all_columns() -> list[Column]:
    """List the columns of the newest schema."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for script in MIGRATIONS:
            connection.executescript(script)
        return [
            Column(table, row[1])
            for table in ("datasets", "runs", "jobs")
            for row in connection.execute(f"PRAGMA table_info({table})")
        ]


COLUMNS = {str(column): column for column in all_columns()}


@contextmanager
def damaged_column(planted: Planted, column: Column, seed: int) -> Iterator[None]:
    """Put another value into a column of some rows for the block; then bring the whole database back."""
    path = WorkspacePaths(planted.workspace.home).database
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    with closing(connection), closing(sqlite3.connect(":memory:")) as whole:
        connection.backup(whole)
        damage(connection, column, random.Random(seed))
        try:
            yield
        finally:
            whole.backup(connection)


def damage(connection: sqlite3.Connection, column: Column, draw: random.Random) -> None:
    """Write odd values into a column, NULL also where the schema forbids it, as one who edits the file can."""
    rows = connection.execute(f"SELECT rowid, {column.name} FROM {column.table}").fetchall()
    with without_constraints(connection, column.table):
        for rowid, value in rows:
            if draw.random() < 0.7:
                expression, new = odd_value(column, value, draw)
                if draw.random() < 0.2:  # a value that another row has
                    expression, new = "?", draw.choice(rows)[1]
                with suppress(sqlite3.IntegrityError):  # the key of the table itself
                    connection.execute(
                        f"UPDATE {column.table} SET {column.name} = {expression} WHERE rowid = ?", (new, rowid)
                    )


def odd_value(column: Column, value: Any, draw: random.Random) -> tuple[str, Any]:
    """Draw an expression and its parameter."""
    if column.name in HOLDS_JSON and draw.random() < 0.6:
        text = value if isinstance(value, str) and value else ERROR if column.name == "error" else "{}"
        return "CAST(? AS TEXT)", mutate(text, draw)
    if draw.random() < 0.3:
        return "CAST(? AS TEXT)", draw.choice(ODD_TEXTS)
    new = draw.choice([one for one in ODD_VALUES if isinstance(one, int | float | str | None)])
    if isinstance(new, int) and abs(new) >= 2**63:
        new = float("inf")
    if isinstance(new, str):
        new = new.encode("utf-8", "surrogatepass")
        return ("CAST(? AS TEXT)" if draw.random() < 0.8 else "?"), new
    return "?", new


@contextmanager
def without_constraints(connection: sqlite3.Connection, table: str) -> Iterator[None]:
    """Let a table take NULL everywhere for the block."""
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    write_schema(connection, table, sql.replace("NOT NULL", ""))
    try:
        yield
    finally:
        write_schema(connection, table, sql)


def write_schema(connection: sqlite3.Connection, table: str, sql: str) -> None:
    """Replace the text of a table's schema, and let this connection read it again."""
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, table))
    connection.execute("PRAGMA writable_schema = RESET")


def use_store(planted: Planted) -> None:
    """Call what reads the tables, then what writes to them; each may raise a named error."""
    workspace = open_workspace(planted.workspace.home)
    read_all(workspace, planted)
    change_all(workspace, planted)


def read_all(workspace: Workspace, planted: Planted) -> None:
    """Read every run, dataset and job as lists, commands and the supervisor do."""
    for deleted in (False, True):
        with suppress(CloserError):
            for run in workspace.runs.all(deleted=deleted):
                json.dumps(run_json(run), ensure_ascii=False).encode()
                run_line(run).encode()
                assert isinstance(run.seconds, float)
                assert all((run.is_partial in (True, False), run.is_open in (True, False)))
                with suppress(CloserError):
                    assert run.is_trained in (True, False)
                    assert isinstance(run.base_model, str)
        with suppress(CloserError):
            for dataset in workspace.datasets.all(deleted=deleted):
                assert dataset.rows >= 0
    with suppress(CloserError):
        for job in workspace.jobs.all():
            str(job.failure).encode()
            workspace.jobs.get(job.id)
    calls = (
        lambda: workspace.runs.get(planted.run.id),
        lambda: workspace.runs.children(planted.run.id),
        lambda: workspace.datasets.get(planted.run.dataset).frame(),
        lambda: workspace.jobs.find(f"train-{planted.run.id}"),
        lambda: workspace.jobs.all(states=OPEN, run=planted.run.id, kind="train"),
        lambda: [f"{line}".encode() for line in check(workspace)],
        workspace.leftovers,
        workspace.unlisted_folders,
        workspace.database.problems,
    )
    for call in calls:
        with suppress(CloserError):
            call()


def change_all(workspace: Workspace, planted: Planted) -> None:
    """Do everything that a person or the queue may do to a run, a dataset and a job."""
    run, dataset = planted.run.id, planted.run.dataset
    calls = [
        lambda: release_dead(workspace),
        lambda: make_way(workspace),
        lambda: workspace.runs.rename(run, "Name"),
        lambda: workspace.runs.star(run, True),
        lambda: workspace.runs.extend(run, 5),
        lambda: workspace.jobs.retry(planted.run.job),
        lambda: workspace.jobs.move(planted.run.job, 1),
        lambda: workspace.jobs.claim(planted.run.job),
        lambda: workspace.jobs.cancel(planted.run.job),
        lambda: [workspace.jobs.record_interruption(job) for job in workspace.jobs.all(states=LIVE)],
        lambda: [workspace.jobs.claim(job.id) for job in workspace.jobs.all(states=WAITING)],
        lambda: [workspace.jobs.finish(job, "failed", "x") for job in workspace.jobs.all(states=DONE)],
        lambda: workspace.jobs.submit("project", run=run, key="a"),
        lambda: workspace.jobs.submit_on_dataset("label_noise", dataset=dataset, key="b"),
        lambda: workspace.runs.create(dataset=dataset, model="m", recipe=planted.run.recipe).folder.rmdir(),
        lambda: workspace.runs.delete(run),
        lambda: workspace.runs.restore(run),
        lambda: workspace.datasets.delete(dataset),
        lambda: workspace.datasets.restore(dataset),
        lambda: workspace.database.backup(older_than=0),
    ]
    for call in calls:
        with suppress(CloserError):
            call()
