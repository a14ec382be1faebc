"""The queue: a table of jobs whose every change of state is one conditional UPDATE."""

from __future__ import annotations

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from lib.errors import CloserError, InputError, NotFoundError, error_from_json
from lib.store.database import Database, now
from lib.store.rows import read_finite, read_row
from lib.typed_json import JsonError, build, parse_stored, typed

WAITING = ("queued",)
LIVE = ("running", "cancelling")
OPEN = WAITING + LIVE + ("interrupted",)
DONE = ("succeeded", "failed", "cancelled")
MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Job:
    """One job, on a run or a dataset alone.

    `token` names the attempt, so that an older worker cannot write.

    run: empty for work on a dataset alone, which `dataset` then names. spent: the seconds that ended attempts took, counting
    from the last time it was requested again. error: what a failed job raised, where that is known as a whole.
    """

    id: int
    key: str | None
    kind: str
    run: str
    payload: dict[str, Any]
    state: str
    position: float
    attempts: int
    token: str
    reason: str
    created: str
    started: str | None
    ended: str | None
    spent: float = 0.0
    dataset: str = ""
    error: CloserError | None = None

    @property
    def failure(self) -> CloserError:
        """The error of a failed job, at least with its reason."""
        return self.error or CloserError(self.reason)


QUEUED_AGAIN = "state = 'queued', attempts = 0, reason = '', error = '', ended = NULL, position = ?"
"""Queues an ended job once more, with fresh attempts, at the given position."""

COMMAND = "command"
"""In the payload of a training that a command does in its own process, for a person who waits for it."""

NOT_BY_COMMAND = f"payload = CASE WHEN json_valid(payload) THEN json_remove(payload, '$.{COMMAND}') ELSE payload END"
"""Makes a job one of the queue's again, as when a person asks for another try."""

RUN_IS_BUSY = (
    "EXISTS (SELECT 1 FROM jobs AS other WHERE other.run = jobs.run AND other.run != ''"
    " AND other.state IN ('running', 'cancelling'))"
)
"""Whether a worker is at a job of the same run."""

SPENT = "spent = spent + MAX(0, COALESCE(julianday(?) - julianday(started), 0) * 86400)"
"""Adds the seconds of the attempt that ends at the given moment."""


class Jobs:
    """The queue of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def submit(self, kind: str, *, run: str, payload: dict[str, Any] | None = None, key: str = "") -> Job:
        """Put a job on a run at the end of the queue; the same key twice is the same job."""
        with self._database.changing() as connection:
            identity = insert(connection, kind, run=run, payload=payload or {}, key=key)
        return self.get(identity)

    def submit_on_dataset(self, kind: str, *, dataset: str, payload: dict[str, Any] | None = None, key: str) -> Job:
        """Put the job of this key, on a dataset alone, at the end of the queue.

        Again where it has ended before.

        One that waits or works stays as it is.
        """
        with self._database.changing() as connection:
            identity = insert(connection, kind, run="", dataset=dataset, payload=payload or {}, key=key)
            connection.execute(
                f"UPDATE jobs SET payload = ?, {QUEUED_AGAIN} WHERE id = ? AND state IN ('succeeded', 'failed', 'cancelled')",
                (json.dumps(payload or {}), next_position(connection), identity),
            )
        return self.get(identity)

    def find(self, key: str) -> Job | None:
        """Look a job up by its key."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE key = ?", (key,)).fetchone()
        return None if row is None else as_job(row)

    def get(self, identity: int) -> Job:
        """Read one job. Raises NotFoundError."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM jobs WHERE id = ?", (identity,)).fetchone()
        if row is None:
            raise NotFoundError(f"There is no job {identity}.")
        return as_job(row)

    def all(
        self, *, states: tuple[str, ...] | None = None, run: str | None = None, kind: str | None = None
    ) -> list[Job]:
        """Read jobs in queue order, of some states, of one run, of one kind."""
        conditions, values = ["1"], []
        if states is not None:
            conditions.append(f"state IN ({', '.join('?' * len(states))})")
            values += list(states)
        for column, value in (("run", run), ("kind", kind)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        query = f"SELECT * FROM jobs WHERE {' AND '.join(conditions)} ORDER BY position, id"
        with self._database.reading() as connection:
            return [as_job(row) for row in connection.execute(query, values)]

    def claim(self, identity: int) -> Job | None:
        """Take a queued job for one attempt and return it with its new token, or None when another was faster.

        None too while another job of its run is worked on: two workers never write to one folder.
        """
        token = uuid.uuid4().hex
        with self._database.changing() as connection:
            changed = connection.execute(
                "UPDATE jobs SET state = 'running', token = ?, attempts = attempts + 1, started = ?, ended = NULL, reason = '', error = ''"
                f" WHERE id = ? AND state = 'queued' AND NOT {RUN_IS_BUSY}",
                (token, now(), identity),
            ).rowcount
        return self.get(identity) if changed else None

    def finish(
        self,
        job: Job,
        state: str,
        reason: str = "",
        *,
        error: CloserError | None = None,
        follow_ups: tuple[str, ...] = (),
    ) -> bool:
        """End an attempt and queue its follow-ups in one transaction; False when the token is not the newest."""
        with self._database.changing() as connection:
            changed = end(connection, job, state, reason, error=error)
            if changed:
                for kind in reversed(follow_ups):  # each goes to the front
                    insert(
                        connection,
                        kind,
                        run=job.run,
                        payload={},
                        key=f"{kind}-after-{job.token}",
                        first=True,
                    )
        return bool(changed)

    def record_interruption(self, job: Job, *, fatal: str = "") -> None:
        """Record that the attempt's worker is gone: back to the queue, or failed after the last attempt.

        The training of a command that was ended is cancelled: nobody else starts it unasked. fatal: why another attempt would end alike; then there is none.
        """
        with self._database.changing() as connection:
            if job.state == "cancelling":
                state, reason = (
                    "cancelled",
                    "The worker was stopped before it could save; earlier checkpoints are kept.",
                )
            elif fatal:
                state, reason = "failed", fatal
            elif job.payload.get(COMMAND):
                state, reason = (
                    "cancelled",
                    "Its command was interrupted; another try goes on from the newest checkpoint.",
                )
            elif job.attempts >= MAX_ATTEMPTS:
                state, reason = "failed", f"Its worker died {job.attempts} times. The log says how far it came."
            else:
                state, reason = "queued", "interrupted: its worker died; it goes on from the newest checkpoint."
            end(connection, job, state, reason)

    def cancel(self, identity: int) -> Job:
        """Ask a job to stop: a queued one is cancelled at once, a running one saves its best so far first."""
        with self._database.changing() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'cancelled', reason = 'Cancelled before it began.', ended = ?"
                " WHERE id = ? AND state IN ('queued', 'interrupted')",
                (now(), identity),
            )
            connection.execute("UPDATE jobs SET state = 'cancelling' WHERE id = ? AND state = 'running'", (identity,))
        return self.get(identity)

    def retry(self, identity: int) -> Job:
        """Queue a failed or cancelled job again, with fresh attempts; it goes on from its newest checkpoint."""
        with self._database.changing() as connection:
            changed = connection.execute(
                f"UPDATE jobs SET {QUEUED_AGAIN}, {NOT_BY_COMMAND} WHERE id = ? AND state IN ('failed', 'cancelled')",
                (next_position(connection), identity),
            ).rowcount
        job = self.get(identity)
        if not changed and job.state in DONE:
            raise InputError(f"Job {identity} has {job.state}; only failed and cancelled ones can be tried again.")
        return job

    def move(self, identity: int, steps: int) -> None:
        """Move a queued job up (negative) or down in the queue."""
        waiting = self.all(states=WAITING)
        ids = [job.id for job in waiting]
        if identity not in ids:
            raise InputError(f"Job {identity} does not wait any more.")
        old = ids.index(identity)
        ids.insert(max(0, min(len(ids) - 1, old + steps)), ids.pop(old))
        positions = sorted(job.position for job in waiting)
        with self._database.changing() as connection:
            for position, moved in zip(positions, ids, strict=True):
                connection.execute("UPDATE jobs SET position = ? WHERE id = ? AND state = 'queued'", (position, moved))


def insert(
    connection: sqlite3.Connection,
    kind: str,
    *,
    run: str,
    payload: dict[str, Any],
    dataset: str = "",
    key: str = "",
    first: bool = False,
) -> int:
    """Insert a queued job inside a transaction and return its id.

    With a known key, it is the id of the job that has it.
    """
    if key:
        row = connection.execute("SELECT id FROM jobs WHERE key = ?", (key,)).fetchone()
        if row is not None:
            return int(row["id"])
    position = first_position(connection) if first else next_position(connection)
    cursor = connection.execute(
        "INSERT INTO jobs (key, kind, run, dataset, payload, state, position, created) VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)",
        (key or None, kind, run, dataset, json.dumps(payload), position, now()),
    )
    return int(cursor.lastrowid or 0)


def end(connection: sqlite3.Connection, job: Job, state: str, reason: str, *, error: CloserError | None = None) -> int:
    """End an attempt inside a transaction; return 0 when the token is not the newest."""
    time = now()
    return connection.execute(
        f"UPDATE jobs SET state = ?, reason = ?, error = ?, ended = ?, {SPENT}"
        " WHERE id = ? AND token = ? AND state IN ('running', 'cancelling')",
        (state, reason, json.dumps(error.to_json()) if error else "", time, time, job.id, job.token),
    ).rowcount


def next_position(connection: sqlite3.Connection) -> float:
    """Find a position after every job."""
    return read_finite(connection.execute("SELECT COALESCE(MAX(position), 0) + 1 FROM jobs").fetchone()[0])


def first_position(connection: sqlite3.Connection) -> float:
    """Compute a position before every queued job, after the running ones.

    A run's follow-ups precede the next run.
    """
    row = connection.execute("SELECT MIN(position) FROM jobs WHERE state = 'queued'").fetchone()
    return next_position(connection) if row[0] is None else read_finite(row[0]) - 0.001


def as_job(row: sqlite3.Row) -> Job:
    """Make a Job of a row."""
    values = read_row(row)
    return Job(**(values | {"payload": _payload(values["payload"]), "error": _error(values["error"])}))


def _payload(text: str) -> dict[str, Any]:
    """Read a job's payload; a damaged one is empty, and the work says what it lacks."""
    try:
        return dict(typed(dict[str, Any], parse_stored(text)))
    except JsonError:
        return {}


def _error(text: str) -> CloserError | None:
    """Read the error of a failed job; None where there is none, or a damaged one."""
    try:
        return build(error_from_json, typed(dict[str, str | bool], parse_stored(text))) if text else None
    except JsonError:
        return None
